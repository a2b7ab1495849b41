package child

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Everything in this file runs in the children, between fork and exec: prepared
// data and raw system calls, nothing else. Read doc.go before changing a line.

//go:nosplit
//go:norace
func call(nr, a, b, c uintptr) (uintptr, syscall.Errno) {
	r, _, errno := syscall.RawSyscall6(nr, a, b, c, 0, 0, 0)
	return r, errno
}

//go:nosplit
//go:norace
func exit(code uintptr) {
	for {
		call(unix.SYS_EXIT_GROUP, code, 0, 0)
	}
}

// stageOne enters, forks again, and stays to reap: an ended process that nobody
// waits for would keep the zone's PID namespace, and so the zone, from going
// away while our parent is stopped. It never returns.
//
//go:nosplit
//go:norace
func (p *Plan) stageOne() {
	call(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 0, 0)
	call(unix.SYS_SETSID, 0, 0, 0) // the terminal's signals are not for us
	p.joinCgroups()
	p.takeLimits()
	p.arrangeStreams()
	p.enterNamespaces()
	p.one.must(StepRoot, unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGHUP), 0)
	if parent, _ := call(unix.SYS_GETPPID, 0, 0, 0); parent != p.Parent {
		exit(127)
	}
	pid := p.bear()
	p.one.send(Born, uint32(pid), p.pidfd)
	call(unix.SYS_CLOSE_RANGE, 0, ^uintptr(0)>>32, 0)
	p.passOn(pid)
}

// passOn waits for stage two and ends as it did, signal n as 128+n. When the
// parent dies it hangs up the command; when the parent gives up (SIGTERM) it
// kills it, stopped by the zone or not.
//
//go:nosplit
//go:norace
func (p *Plan) passOn(pid uintptr) {
	p.mask = 1<<(unix.SIGCHLD-1) | 1<<(unix.SIGHUP-1) | 1<<(unix.SIGTERM-1)
	for {
		sig, _ := call4(unix.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&p.mask)), 0, 0, 8)
		switch sig {
		case uintptr(unix.SIGHUP):
			call(unix.SYS_KILL, -pid, sig, 0)
		case uintptr(unix.SIGTERM):
			call(unix.SYS_KILL, pid, uintptr(unix.SIGKILL), 0)
		}
		ended, errno := call4(unix.SYS_WAIT4, pid, uintptr(unsafe.Pointer(&p.status)), unix.WNOHANG, 0)
		switch {
		case errno != 0 && errno != unix.EINTR:
			exit(127)
		case ended != pid:
		case p.status&0x7f != 0:
			exit(128 + uintptr(p.status&0x7f))
		default:
			exit(uintptr(p.status >> 8 & 0xff))
		}
	}
}

// joinCgroups moves this process, which is the whole of it, by "0" into each
// tasks file: that needs no lock over all processes, as moving a pid does.
//
//go:nosplit
//go:norace
func (p *Plan) joinCgroups() {
	p.one.message.What = '0'
	for _, fd := range p.Tasks {
		p.one.must(StepCgroup, unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&p.one.message)), 1)
	}
}

// takeLimits makes what is inherited by processes that of the zone's init:
// rlimits, OOM score, priorities, and a key ring of its own.
//
//go:nosplit
//go:norace
func (p *Plan) takeLimits() {
	for i := range p.Limits {
		l := &p.Limits[i]
		_, errno := call4(unix.SYS_PRLIMIT64, 0, l.Resource, uintptr(unsafe.Pointer(&l.Want)), 0)
		if errno == unix.EPERM { // we may not raise what we have ourselves
			_, errno = call4(unix.SYS_PRLIMIT64, 0, l.Resource, uintptr(unsafe.Pointer(&l.Possible)), 0)
		}
		if errno != 0 {
			p.one.die(StepLimits, errno)
		}
	}
	if len(p.OOMAdj) > 0 {
		fd := p.one.must(StepLimits, unix.SYS_OPENAT, atCWD, uintptr(unsafe.Pointer(&oomPath[0])), unix.O_WRONLY|unix.O_CLOEXEC)
		p.one.must(StepLimits, unix.SYS_WRITE, fd, uintptr(unsafe.Pointer(&p.OOMAdj[0])), uintptr(len(p.OOMAdj)))
		call(unix.SYS_CLOSE, fd, 0, 0)
	}
	call(unix.SYS_SCHED_SETSCHEDULER, 0, unix.SCHED_NORMAL, uintptr(unsafe.Pointer(&p.priority)))
	call(unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, 0)
	call(unix.SYS_IOPRIO_SET, 1, 0, 0)
	_, errno := call(unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0)
	if errno != 0 && errno != unix.ENOSYS && errno != unix.EPERM {
		p.one.die(StepLimits, errno)
	}
	call(unix.SYS_UMASK, 0o022, 0, 0)
}

//go:nosplit
//go:norace
func call4(nr, a, b, c, d uintptr) (uintptr, syscall.Errno) {
	r, _, errno := syscall.RawSyscall6(nr, a, b, c, d, 0, 0)
	return r, errno
}

// arrangeStreams leaves open 0, 1, 2 (none of them for a pty), the control
// socket and init's pidfd, and nothing else. The parent made sure that all its
// descriptors lie above.
//
//go:nosplit
//go:norace
func (p *Plan) arrangeStreams() {
	if p.TTY {
		p.one.must(StepStreams, unix.SYS_CLOSE_RANGE, 0, 2, 0)
	} else {
		for i := range p.Streams {
			p.one.must(StepStreams, unix.SYS_DUP3, uintptr(p.Streams[i]), uintptr(i), 0)
		}
	}
	p.one.must(StepStreams, unix.SYS_DUP3, p.one.control, fdControl, unix.O_CLOEXEC)
	p.one.control, p.two.control = fdControl, fdControl
	p.one.must(StepStreams, unix.SYS_DUP3, uintptr(p.Init), FdInit, unix.O_CLOEXEC)
	p.one.must(StepStreams, unix.SYS_CLOSE_RANGE, FdInit+1, ^uintptr(0)>>32, 0)
}

// enterNamespaces joins all of init's namespaces at once and becomes their
// root. A kernel without time namespaces knows the rest.
//
//go:nosplit
//go:norace
func (p *Plan) enterNamespaces() {
	_, errno := call(unix.SYS_SETNS, FdInit, allNamespaces|unix.CLONE_NEWTIME, 0)
	if errno == unix.EINVAL {
		_, errno = call(unix.SYS_SETNS, FdInit, allNamespaces, 0)
	}
	if errno != 0 {
		p.one.die(StepSetns, errno)
	}
	call(unix.SYS_CLOSE, FdInit, 0, 0)
	p.one.must(StepRoot, unix.SYS_SETGROUPS, 0, 0, 0)
	p.one.must(StepRoot, unix.SYS_SETRESGID, 0, 0, 0)
	p.one.must(StepRoot, unix.SYS_SETRESUID, 0, 0, 0)
}

const allNamespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
	unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWCGROUP

// stageTwo is a process of the zone: it gives up what init may not do, becomes
// the user and executes the command. It never returns.
//
//go:nosplit
//go:norace
func (p *Plan) stageTwo() {
	call(unix.SYS_SETSID, 0, 0, 0)
	p.dropBounding()
	p.filterCalls()
	if p.TTY {
		p.openPTY()
	}
	p.becomeUser()
	p.changeDir()
	p.two.message = Message{What: Ready}
	p.two.must(StepParent, unix.SYS_WRITE, p.two.control, uintptr(unsafe.Pointer(&p.two.message)), MessageSize)
	call4(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&p.noSignals)), 0, 8)
	p.execute()
}

//go:nosplit
//go:norace
func (p *Plan) dropBounding() {
	for c := range uintptr(64) {
		if p.Bounding>>c&1 != 0 {
			continue
		}
		_, errno := call(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, c, 0)
		if errno == unix.EINVAL { // above the last capability of this kernel
			return
		}
		if errno != 0 {
			p.two.die(StepBounding, errno)
		}
	}
}

//go:nosplit
//go:norace
func (p *Plan) filterCalls() {
	if p.NoNewPrivs {
		p.two.must(StepFilter, unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0)
	}
	if p.Filter.Len > 0 {
		p.two.must(StepFilter, unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&p.Filter)))
	}
}

// openPTY makes a terminal of the zone's own and sends its master out. The
// slave comes from the master, not from a path.
//
//go:nosplit
//go:norace
func (p *Plan) openPTY() {
	master := p.two.must(StepPTY, unix.SYS_OPENAT, atCWD, uintptr(unsafe.Pointer(&ptmx[0])), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	p.two.must(StepPTY, unix.SYS_IOCTL, master, unix.TIOCSPTLCK, uintptr(unsafe.Pointer(&p.unlock)))
	slave := p.two.must(StepPTY, unix.SYS_IOCTL, master, unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if p.UID != 0 {
		p.two.must(StepPTY, unix.SYS_FCHOWN, slave, p.UID, ^uintptr(0))
	}
	if p.Window.Row > 0 {
		p.two.must(StepPTY, unix.SYS_IOCTL, master, unix.TIOCSWINSZ, uintptr(unsafe.Pointer(&p.Window)))
	}
	p.two.must(StepPTY, unix.SYS_IOCTL, slave, unix.TCGETS, uintptr(unsafe.Pointer(&p.termios)))
	p.termios.Iflag |= unix.IUTF8
	p.two.must(StepPTY, unix.SYS_IOCTL, slave, unix.TCSETS, uintptr(unsafe.Pointer(&p.termios)))
	p.two.send(Master, 0, int32(master))
	p.two.must(StepPTY, unix.SYS_IOCTL, slave, unix.TIOCSCTTY, 0)
	// The slave may be 0, 1 or 2 itself, but closes on exec there: move it up.
	slave = p.two.must(StepPTY, unix.SYS_FCNTL, slave, unix.F_DUPFD_CLOEXEC, FdInit+1)
	for fd := range uintptr(3) {
		p.two.must(StepPTY, unix.SYS_DUP3, slave, fd, 0)
	}
}

// becomeUser ends with the wish to be hung up when our parent dies; taking on
// the user's ids would void an earlier one.
//
//go:nosplit
//go:norace
func (p *Plan) becomeUser() {
	var groups uintptr
	if len(p.Groups) > 0 {
		groups = uintptr(unsafe.Pointer(&p.Groups[0]))
	}
	p.two.must(StepUser, unix.SYS_SETGROUPS, uintptr(len(p.Groups)), groups, 0)
	p.two.must(StepUser, unix.SYS_SETRESGID, p.GID, p.GID, p.GID)
	p.two.must(StepUser, unix.SYS_SETRESUID, p.UID, p.UID, p.UID)
	p.two.must(StepUser, unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGHUP), 0)
}

//go:nosplit
//go:norace
func (p *Plan) changeDir() {
	var errno syscall.Errno
	for _, dir := range p.Dirs {
		if _, errno = call(unix.SYS_CHDIR, uintptr(unsafe.Pointer(dir)), 0, 0); errno == 0 {
			return
		}
	}
	p.two.die(StepDir, errno)
}

// execute tries the paths in turn, as execvp(3) does.
//
//go:nosplit
//go:norace
func (p *Plan) execute() {
	last := syscall.Errno(unix.ENOENT)
	for _, path := range p.Paths {
		_, errno := call(unix.SYS_EXECVE, uintptr(unsafe.Pointer(path)),
			uintptr(unsafe.Pointer(&p.Argv[0])), uintptr(unsafe.Pointer(&p.Env[0])))
		if errno != unix.ENOENT && errno != unix.ENOTDIR {
			last = errno
		}
		if errno != unix.ENOENT && errno != unix.ENOTDIR && errno != unix.EACCES {
			break
		}
	}
	p.two.die(StepExec, last)
}

// atCWD is AT_FDCWD; the paths used with it are absolute.
const atCWD = ^uintptr(99)

// C strings that the children use.
var (
	oomPath = [...]byte{'/', 'p', 'r', 'o', 'c', '/', 's', 'e', 'l', 'f', '/', 'o', 'o', 'm', '_', 's', 'c', 'o', 'r', 'e', '_', 'a', 'd', 'j', 0}
	ptmx    = [...]byte{'/', 'd', 'e', 'v', '/', 'p', 't', 'm', 'x', 0}
)
