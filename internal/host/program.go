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
	ops   []op
	steps []string
	keep  []any // what the arguments point to
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

// AwaitByte blocks until a byte comes from fd; the end of the file ends the
// child, since whoever should have written is gone.
func (p *Program) AwaitByte(fd int) {
	buf := p.Bytes(make([]byte, 1))
	p.Call(unix.SYS_READ, uintptr(fd), buf, 1)
	p.last().mustGet = 1
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
	if int(step) >= len(p.steps) {
		return fmt.Errorf("the child's report names step %d of %d", step, len(p.steps))
	}
	return &StepError{p.steps[step], unix.Errno(errno)}
}

// lastSignal is the highest signal number.
const lastSignal = 64

// kernelSigaction is struct sigaction as the kernel takes it: all zero is the
// default action on every architecture.
type kernelSigaction [4]uint64

// prepared is the program with what comes before its first step: signal
// handlers are those of this process's runtime and must not run in the child.
func (p *Program) prepared() []op {
	first := new(Program)
	zero := Pointer(p, new(kernelSigaction))
	for sig := range uintptr(lastSignal) {
		first.Call(unix.SYS_RT_SIGACTION, sig+1, zero, 0, 8).MayFail()
	}
	first.Call(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, zero, 0, 8)
	return append(first.ops, p.ops...)
}

// Keep keeps the memory that the program points to until here.
func (p *Program) Keep() { runtime.KeepAlive(p.keep) }
