package host

import (
	"errors"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

//go:linkname beforeFork syscall.runtime_BeforeFork
func beforeFork()

//go:linkname afterFork syscall.runtime_AfterFork
func afterFork()

// CloneOptions say what the child shares and where it is born.
type CloneOptions struct {
	Flags  uint64 // CLONE_NEW...
	Cgroup int    // directory of a cgroup v2, used with CLONE_INTO_CGROUP
	Report int    // descriptor that gets the failed step
}

// Child is a forked process.
type Child struct {
	Pid   int
	Pidfd int
}

type cloneArgs struct {
	flags, pidfd, childTID, parentTID, exitSignal, stack, stackSize, tls, setTID, setTIDSize, cgroup uint64
}

// child is what a forked process looks at. It may share memory with its parent,
// so whoever forks it keeps it until the child has executed another program or
// has ended.
type child struct {
	parts  []part
	reg    uintptr // the last saved result
	failed failure
	stack  []byte
	pidfd  int32 // the kernel writes it; not on our stack, which may move meanwhile
}

// part is system calls in a row, and the birth of a grandchild after them.
type part struct {
	ops  []op
	born *birth
}

// birth is a child that a child bears.
type birth struct {
	step          uint32
	args, sharing cloneArgs
	child         *child
}

// failure is written by the child as it is.
type failure struct {
	step, errno uint32
	fd          uintptr
}

const childStack = 16 << 10

// Fork runs p in a child process, without the exec of one's own binary that Go
// programs commonly need to come into namespaces. Where it can (see shareVM) the
// child shares this process's memory on a stack of its own, as vfork(2) does,
// so that nothing is copied; the caller must keep p until the child has executed
// or ended.
func Fork(o CloneOptions, p *Program) (Child, error) {
	c := newChild(o, p, p.prepared())
	args := o.cloneArgs()
	args.flags |= unix.CLONE_PIDFD
	args.pidfd = uint64(uintptr(unsafe.Pointer(&c.pidfd)))
	pid, err := forkSharing(&args, c)
	if errors.Is(err, unix.EINVAL) {
		// Kernels before 6.0 refuse to share memory over time namespaces.
		pid, err = forkCopying(&args, c)
	}
	p.Keep()
	if err != nil {
		return Child{}, err
	}
	return Child{Pid: int(pid), Pidfd: int(c.pidfd)}, nil
}

func newChild(o CloneOptions, p *Program, parts []part) *child {
	c := &child{parts: parts, stack: make([]byte, childStack), pidfd: -1}
	c.failed.fd = uintptr(o.Report)
	p.keep = append(p.keep, c)
	return c
}

func (o CloneOptions) cloneArgs() cloneArgs {
	return cloneArgs{flags: o.Flags, exitSignal: uint64(unix.SIGCHLD), cgroup: uint64(o.Cgroup)}
}

// onStackOf are the arguments with which a child shares memory.
func (a cloneArgs) onStackOf(c *child) cloneArgs {
	a.flags |= unix.CLONE_VM
	a.stack = uint64(uintptr(unsafe.Pointer(&c.stack[0])))
	a.stackSize = childStack
	return a
}

func forkSharing(args *cloneArgs, c *child) (uintptr, error) {
	if !shareVM {
		return 0, unix.EINVAL
	}
	shared := args.onStackOf(c)
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	return result(vfork(&shared, c))
}

func forkCopying(args *cloneArgs, c *child) (uintptr, error) {
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	return result(fork(args, c))
}

// result splits what a system call returns.
func result(r uintptr) (uintptr, error) {
	if r > ^uintptr(4095) {
		return 0, unix.Errno(-r)
	}
	return r, nil
}

// Signals are blocked around the birth, and in the child until it has reset
// the handlers, which are this runtime's.

//go:noinline
//go:norace
//go:nocheckptr
func vfork(args *cloneArgs, c *child) uintptr {
	beforeFork()
	r := cloneParent(args, unsafe.Sizeof(*args), c)
	afterFork()
	return r
}

//go:noinline
//go:norace
//go:nocheckptr
func fork(args *cloneArgs, c *child) uintptr {
	beforeFork()
	pid, _, errno := syscall.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(args)), unsafe.Sizeof(*args), 0)
	if errno == 0 && pid == 0 {
		runParent(c)
	}
	afterFork()
	if errno != 0 {
		return -uintptr(errno)
	}
	return pid
}

// runParent is a child that may have children itself: system calls only. It does
// not return.
//
//go:nosplit
//go:norace
//go:nocheckptr
func runParent(c *child) {
	for i := range c.parts {
		if !runOps(c, c.parts[i].ops) {
			break
		}
		if b := c.parts[i].born; b != nil && !bear(c, b) {
			break
		}
	}
	for {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 127, 0, 0)
	}
}

// runChild is a child without children. It does not return.
//
//go:nosplit
//go:norace
//go:nocheckptr
func runChild(c *child) {
	runOps(c, c.parts[0].ops)
	for {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 127, 0, 0)
	}
}

// bear makes a grandchild, on a stack of its own in the same memory if the
// kernel lets it.
//
//go:nosplit
//go:norace
//go:nocheckptr
func bear(c *child, b *birth) bool {
	r := refused
	if shareVM {
		r = cloneOnStack(&b.sharing, unsafe.Sizeof(b.sharing), b.child)
	}
	if r == refused {
		pid, _, errno := syscall.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&b.args)), unsafe.Sizeof(b.args), 0)
		if errno == 0 && pid == 0 {
			runChild(b.child)
		}
		if r = pid; errno != 0 {
			r = -uintptr(errno)
		}
	}
	if r > ^uintptr(4095) {
		fail(c, b.step, uint32(-r))
		return false
	}
	c.reg = r
	return true
}

// refused is -EINVAL as system calls return it.
const refused = ^uintptr(unix.EINVAL - 1)

//go:nosplit
//go:norace
//go:nocheckptr
func fail(c *child, step, errno uint32) {
	c.failed.step, c.failed.errno = step, errno
	syscall.RawSyscall(unix.SYS_WRITE, c.failed.fd, uintptr(unsafe.Pointer(&c.failed)), failureSize)
}

// failureSize is what a failed child writes.
const failureSize = 8

// runOps runs system calls and reports whether the child shall go on.
//
//go:nosplit
//go:norace
//go:nocheckptr
func runOps(c *child, ops []op) bool {
	for i := range ops {
		o := &ops[i]
		for j := range o.arg {
			if o.fromReg&(1<<j) != 0 {
				o.arg[j] = c.reg
			}
		}
		r, _, errno := syscall.RawSyscall6(o.nr, o.arg[0], o.arg[1], o.arg[2], o.arg[3], o.arg[4], o.arg[5])
		if errno == unix.EINTR {
			r, _, errno = syscall.RawSyscall6(o.nr, o.arg[0], o.arg[1], o.arg[2], o.arg[3], o.arg[4], o.arg[5])
		}
		if errno == 0 && r < o.mustGet {
			return false
		}
		if errno != 0 && !o.mayFail {
			fail(c, o.step, uint32(errno))
			return false
		}
		if o.save {
			c.reg = r
		}
	}
	return true
}
