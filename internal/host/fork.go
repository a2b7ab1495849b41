package host

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

//go:linkname beforeFork syscall.runtime_BeforeFork
func beforeFork()

//go:linkname afterFork syscall.runtime_AfterFork
func afterFork()

//go:linkname afterForkInChild syscall.runtime_AfterForkInChild
func afterForkInChild()

// CloneOptions say what the child shares and where it is born.
type CloneOptions struct {
	Flags  uint64 // CLONE_NEW...; never CLONE_VM
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

// Fork runs p in a child process that shares nothing with this one but open
// files. It is fork(2), without the exec of one's own binary that Go programs
// commonly need to come into namespaces: a fifth of the cost.
func Fork(o CloneOptions, p *Program) (Child, error) {
	pidfd := int32(-1)
	args := cloneArgs{
		flags:      o.Flags | unix.CLONE_PIDFD,
		pidfd:      uint64(uintptr(unsafe.Pointer(&pidfd))),
		exitSignal: uint64(unix.SIGCHLD),
		cgroup:     uint64(o.Cgroup),
	}
	failed := &failure{fd: uintptr(o.Report)}
	syscall.ForkLock.Lock()
	pid, errno := fork(&args, p.ops, failed)
	syscall.ForkLock.Unlock()
	p.Keep()
	if errno != 0 {
		return Child{}, errno
	}
	return Child{Pid: int(pid), Pidfd: int(pidfd)}, nil
}

// failure is written by the child as it is.
type failure struct {
	step, errno uint32
	fd          uintptr
}

//go:noinline
//go:norace
//go:nocheckptr
func fork(args *cloneArgs, ops []op, failed *failure) (uintptr, unix.Errno) {
	beforeFork()
	pid, _, errno := syscall.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(args)), unsafe.Sizeof(*args), 0)
	if errno != 0 || pid != 0 {
		afterFork()
		return pid, unix.Errno(errno)
	}
	afterForkInChild()
	run(ops, failed)
	for {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 127, 0, 0)
	}
}

// run is the child: system calls only.
//
//go:nosplit
//go:norace
//go:nocheckptr
func run(ops []op, failed *failure) {
	var reg uintptr
	for i := range ops {
		o := &ops[i]
		for j := range o.arg {
			if o.fromReg&(1<<j) != 0 {
				o.arg[j] = reg
			}
		}
		r, _, errno := syscall.RawSyscall6(o.nr, o.arg[0], o.arg[1], o.arg[2], o.arg[3], o.arg[4], o.arg[5])
		if errno == unix.EINTR {
			r, _, errno = syscall.RawSyscall6(o.nr, o.arg[0], o.arg[1], o.arg[2], o.arg[3], o.arg[4], o.arg[5])
		}
		if errno == 0 && r < o.mustGet {
			return
		}
		if errno != 0 && !o.mayFail {
			failed.step, failed.errno = o.step, uint32(errno)
			syscall.RawSyscall(unix.SYS_WRITE, failed.fd, uintptr(unsafe.Pointer(failed)), 8)
			return
		}
		if o.save {
			reg = r
		}
	}
}
