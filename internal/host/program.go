package host

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Program is the life of a forked child between fork and exec: system calls
// with arguments prepared beforehand, since a forked Go process may neither
// allocate nor grow its stack. The child runs them in order; the first that
// fails and must not is reported with its step's name, and ends the child.
type Program struct {
	ops    []op
	births []birthAt
	steps  []string
	keep   []any // what the arguments point to
}

// birthAt is a birth before the op of that number.
type birthAt struct {
	op   int
	born *birth
}

type op struct {
	nr      uintptr
	arg     [6]uintptr
	fromReg uint8 // bit i: argument i is the last saved result
	save    bool
	mayFail bool
	mustGet uintptr // least result, for reads
	step    uint32
}

// Step names the calls that follow, for errors.
func (p *Program) Step(name string) { p.steps = append(p.steps, name) }

// Call adds a system call. Arguments are uintptr, int, or pointers to memory
// made by Bytes, String or Strings.
func (p *Program) Call(nr uintptr, args ...uintptr) *Program {
	o := op{nr: nr, step: uint32(max(len(p.steps)-1, 0))}
	copy(o.arg[:], args)
	p.ops = append(p.ops, o)
	return p
}

// Save keeps the result of the last call added, for Saved arguments later.
func (p *Program) Save() *Program { p.last().save = true; return p }

// Saved makes argument i of the last call added the saved result.
func (p *Program) Saved(i int) *Program { p.last().fromReg |= 1 << i; return p }

// MayFail lets the last call added fail.
func (p *Program) MayFail() *Program { p.last().mayFail = true; return p }

// Fork lets the child bear one of its own, which runs c from its first step on
// and bears none. Its pid is the saved result, and comes to where pid points.
func (p *Program) Fork(o CloneOptions, c *Program, pid *int32) {
	b := &birth{step: uint32(max(len(p.steps)-1, 0)), args: o.cloneArgs()}
	b.child = newChild(o, c, []part{{ops: c.ops}})
	b.args.flags |= unix.CLONE_PARENT_SETTID
	b.args.parentTID = uint64(Pointer(p, pid))
	b.sharing = b.args.onStackOf(b.child)
	p.births = append(p.births, birthAt{len(p.ops), b})
	p.keep = append(p.keep, c)
}

// AtLeast lets the child end when the last call added returns less than n, as at
// the end of a file: whoever should have written is gone.
func (p *Program) AtLeast(n uintptr) *Program { p.last().mustGet = n; return p }

// AwaitByte blocks until a byte comes from fd; the end of the file ends the child.
func (p *Program) AwaitByte(fd int) {
	buf := p.Bytes(make([]byte, 1))
	p.Call(unix.SYS_READ, uintptr(fd), buf, 1).AtLeast(1)
}

// SendByte writes one byte to fd.
func (p *Program) SendByte(fd int) {
	p.Call(unix.SYS_WRITE, uintptr(fd), p.Bytes([]byte{1}), 1)
}

// Bytes pins b and returns its address.
func (p *Program) Bytes(b []byte) uintptr {
	if len(b) == 0 {
		b = make([]byte, 1)
	}
	p.keep = append(p.keep, b)
	return uintptr(unsafe.Pointer(&b[0]))
}

// String pins s, ended by NUL, and returns its address.
func (p *Program) String(s string) uintptr { return p.Bytes(append([]byte(s), 0)) }

// Strings pins a NULL-terminated vector of strings, as execve(2) takes it.
func (p *Program) Strings(list []string) uintptr {
	v := make([]uintptr, len(list)+1)
	for i, s := range list {
		v[i] = p.String(s)
	}
	p.keep = append(p.keep, v)
	return uintptr(unsafe.Pointer(&v[0]))
}

// Pointer pins the value that v points to and returns its address.
func Pointer[T any](p *Program, v *T) uintptr {
	p.keep = append(p.keep, v)
	return uintptr(unsafe.Pointer(v))
}

func (p *Program) last() *op { return &p.ops[len(p.ops)-1] }

// StepError is what a child's failed step tells its parent.
type StepError struct {
	Step string
	Err  unix.Errno
}

func (e *StepError) Error() string { return e.Step + ": " + e.Err.Error() }

// Unwrap returns the error number.
func (e *StepError) Unwrap() error { return e.Err }

// Report decodes what the child wrote to its report descriptor: nothing when it
// came through.
func (p *Program) Report(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if len(b) < 8 {
		return fmt.Errorf("the child's report has %d bytes", len(b))
	}
	step := *(*uint32)(unsafe.Pointer(&b[0]))
	errno := *(*uint32)(unsafe.Pointer(&b[4]))
	return &StepError{p.step(int(step)), unix.Errno(errno)}
}

// step is the name of a step. A process that did not write the program itself
// knows none.
func (p *Program) step(n int) string {
	if p == nil || n >= len(p.steps) {
		return fmt.Sprint("step ", n)
	}
	return p.steps[n]
}

// lastSignal is the highest signal number.
const lastSignal = 64

// kernelSigaction is struct sigaction as the kernel takes it: all zero is the
// default action on every architecture.
type kernelSigaction [4]uint64

// prepared is the program with what comes before its first step: signal
// handlers are those of this process's runtime and must not run in the child.
func (p *Program) prepared() []part {
	first := new(Program)
	zero := Pointer(p, new(kernelSigaction))
	for sig := range uintptr(lastSignal) {
		first.Call(unix.SYS_RT_SIGACTION, sig+1, zero, 0, 8).MayFail()
	}
	first.Call(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, zero, 0, 8)
	parts, done := []part{{ops: first.ops}}, 0
	for _, b := range p.births {
		parts = append(parts, part{p.ops[done:b.op], b.born})
		done = b.op
	}
	return append(parts, part{ops: p.ops[done:]})
}

// Keep keeps the memory that the program points to until here.
func (p *Program) Keep() { runtime.KeepAlive(p.keep) }
