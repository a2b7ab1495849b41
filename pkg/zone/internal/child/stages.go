package enter

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Everything in this file runs in the children, between fork and exec, on a
// copy of a Go process whose other threads do not exist: prepared data and raw
// system calls, nothing else. Read doc.go before changing a line.

// Descriptors of the children, once stage one has put them in order.
const (
	fdControl = 3 // the socket to the parent; exec closes it
	fdInit    = 4 // pidfd of the zone's init; stage one closes it
)

// What a message on the control socket says, in its first byte.
const (
	msgBorn   = 'B' // from stage one: stage two's pidfd; pid in the number
	msgMaster = 'M' // the master of the pty
	msgReady  = 'R' // exec is next
	msgFailed = 'E' // at a step, errno in the number
)

// The steps that can fail; stepNames says what they do.
const (
	stepCgroup = iota
	stepLimits
	stepStreams
	stepSetns
	stepRoot
	stepFork
	stepParent
	stepBounding
	stepFilter
	stepPTY
	stepUser
	stepDir
	stepExec
)

//go:nosplit
//go:norace
func call(nr, a, b, c uintptr) (uintptr, syscall.Errno) {
	r, _, errno := syscall.RawSyscall6(nr, a, b, c, 0, 0, 0)
	return r, errno
}

// must makes a system call without which the child cannot go on.
//
//go:nosplit
//go:norace
func (p *plan) must(step, nr, a, b, c uintptr) uintptr {
	r, errno := call(nr, a, b, c)
	if errno != 0 {
		p.die(step, errno)
	}
	return r
}

//go:nosplit
//go:norace
func (p *plan) die(step uintptr, errno syscall.Errno) {
	p.message = message{what: msgFailed, step: byte(step), number: uint32(errno)}
	call(unix.SYS_WRITE, p.control, uintptr(unsafe.Pointer(&p.message)), messageSize)
	exit(127)
}

//go:nosplit
//go:norace
func exit(code uintptr) {
	for {
		call(unix.SYS_EXIT_GROUP, code, 0, 0)
	}
}

// send sends a descriptor with a message.
//
//go:nosplit
//go:norace
func (p *plan) send(what byte, number uint32, fd int32) {
	p.message = message{what: what, number: number}
	p.rights.fd = fd
	p.must(stepParent, unix.SYS_SENDMSG, p.control, uintptr(unsafe.Pointer(&p.header)), 0)
}

// stageOne enters, forks again, and stays to reap: an ended process that nobody
// waits for would keep the zone's PID namespace, and so the zone, from going
// away while our parent is stopped. It never returns.
//
//go:nosplit
//go:norace
func (p *plan) stageOne() {
	call(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 0, 0)
	call(unix.SYS_SETSID, 0, 0, 0) // the terminal's signals are not for us
	p.joinCgroups()
	p.takeLimits()
	p.arrangeStreams()
	p.enterNamespaces()
	p.must(stepRoot, unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGHUP), 0)
	if parent, _ := call(unix.SYS_GETPPID, 0, 0, 0); parent != p.parent {
		exit(127)
	}
	pid := p.must(stepFork, unix.SYS_CLONE, unix.CLONE_PIDFD|uintptr(unix.SIGCHLD), 0, uintptr(unsafe.Pointer(&p.pidfd)))
	if pid == 0 {
		p.stageTwo()
	}
	p.send(msgBorn, uint32(pid), p.pidfd)
	call(unix.SYS_CLOSE_RANGE, 0, ^uintptr(0)>>32, 0)
	p.passOn(pid)
}

// passOn waits for stage two and ends as it did, signal n as 128+n. When the
// parent dies it hangs up the command; when the parent gives up (SIGTERM) it
// kills it, stopped by the zone or not.
//
//go:nosplit
//go:norace
func (p *plan) passOn(pid uintptr) {
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
func (p *plan) joinCgroups() {
	p.message.what = '0'
	for _, fd := range p.tasks {
		p.must(stepCgroup, unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&p.message)), 1)
	}
}

// takeLimits makes what is inherited by processes that of the zone's init:
// rlimits, OOM score, priorities, and a key ring of its own.
//
//go:nosplit
//go:norace
func (p *plan) takeLimits() {
	for i := range p.rlimits {
		l := &p.rlimits[i]
		_, errno := call4(unix.SYS_PRLIMIT64, 0, l.resource, uintptr(unsafe.Pointer(&l.want)), 0)
		if errno == unix.EPERM { // we may not raise what we have ourselves
			_, errno = call4(unix.SYS_PRLIMIT64, 0, l.resource, uintptr(unsafe.Pointer(&l.possible)), 0)
		}
		if errno != 0 {
			p.die(stepLimits, errno)
		}
	}
	if len(p.oomAdj) > 0 {
		fd := p.must(stepLimits, unix.SYS_OPENAT, atCWD, uintptr(unsafe.Pointer(p.oomPath)), unix.O_WRONLY|unix.O_CLOEXEC)
		p.must(stepLimits, unix.SYS_WRITE, fd, uintptr(unsafe.Pointer(&p.oomAdj[0])), uintptr(len(p.oomAdj)))
		call(unix.SYS_CLOSE, fd, 0, 0)
	}
	call(unix.SYS_SCHED_SETSCHEDULER, 0, unix.SCHED_NORMAL, uintptr(unsafe.Pointer(&p.noPriority)))
	call(unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, 0)
	call(unix.SYS_IOPRIO_SET, 1, 0, 0)
	_, errno := call(unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0)
	if errno != 0 && errno != unix.ENOSYS && errno != unix.EPERM {
		p.die(stepLimits, errno)
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
func (p *plan) arrangeStreams() {
	if p.tty {
		p.must(stepStreams, unix.SYS_CLOSE_RANGE, 0, 2, 0)
	} else {
		for i := range p.streams {
			p.must(stepStreams, unix.SYS_DUP3, uintptr(p.streams[i]), uintptr(i), 0)
		}
	}
	p.must(stepStreams, unix.SYS_DUP3, p.control, fdControl, unix.O_CLOEXEC)
	p.control = fdControl
	p.must(stepStreams, unix.SYS_DUP3, uintptr(p.initfd), fdInit, unix.O_CLOEXEC)
	p.must(stepStreams, unix.SYS_CLOSE_RANGE, fdInit+1, ^uintptr(0)>>32, 0)
}

// enterNamespaces joins all of init's namespaces at once and becomes their
// root. A kernel without time namespaces knows the rest.
//
//go:nosplit
//go:norace
func (p *plan) enterNamespaces() {
	_, errno := call(unix.SYS_SETNS, fdInit, allNamespaces|unix.CLONE_NEWTIME, 0)
	if errno == unix.EINVAL {
		_, errno = call(unix.SYS_SETNS, fdInit, allNamespaces, 0)
	}
	if errno != 0 {
		p.die(stepSetns, errno)
	}
	call(unix.SYS_CLOSE, fdInit, 0, 0)
	p.must(stepRoot, unix.SYS_SETGROUPS, 0, 0, 0)
	p.must(stepRoot, unix.SYS_SETRESGID, 0, 0, 0)
	p.must(stepRoot, unix.SYS_SETRESUID, 0, 0, 0)
}

const allNamespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
	unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWCGROUP

// stageTwo is a process of the zone: it gives up what init may not do, becomes
// the user and executes the command. It never returns.
//
//go:nosplit
//go:norace
func (p *plan) stageTwo() {
	call(unix.SYS_SETSID, 0, 0, 0)
	p.dropBounding()
	p.filterCalls()
	if p.tty {
		p.openPTY()
	}
	p.becomeUser()
	p.changeDir()
	p.message = message{what: msgReady}
	p.must(stepParent, unix.SYS_WRITE, p.control, uintptr(unsafe.Pointer(&p.message)), messageSize)
	call4(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&p.noSignals)), 0, 8)
	p.execute()
}

//go:nosplit
//go:norace
func (p *plan) dropBounding() {
	for c := uintptr(0); c < 64; c++ {
		if p.bounding>>c&1 != 0 {
			continue
		}
		_, errno := call(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, c, 0)
		if errno == unix.EINVAL { // above the last capability of this kernel
			return
		}
		if errno != 0 {
			p.die(stepBounding, errno)
		}
	}
}

//go:nosplit
//go:norace
func (p *plan) filterCalls() {
	if p.noNewPrivs {
		p.must(stepFilter, unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0)
	}
	if p.filter.Len > 0 {
		p.must(stepFilter, unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&p.filter)))
	}
}

// openPTY makes a terminal of the zone's own and sends its master out. The
// slave comes from the master, not from a path.
//
//go:nosplit
//go:norace
func (p *plan) openPTY() {
	master := p.must(stepPTY, unix.SYS_OPENAT, atCWD, uintptr(unsafe.Pointer(p.ptmx)), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	p.must(stepPTY, unix.SYS_IOCTL, master, unix.TIOCSPTLCK, uintptr(unsafe.Pointer(&p.unlock)))
	slave := p.must(stepPTY, unix.SYS_IOCTL, master, unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if p.uid != 0 {
		p.must(stepPTY, unix.SYS_FCHOWN, slave, p.uid, ^uintptr(0))
	}
	if p.window.Row > 0 {
		p.must(stepPTY, unix.SYS_IOCTL, master, unix.TIOCSWINSZ, uintptr(unsafe.Pointer(&p.window)))
	}
	p.must(stepPTY, unix.SYS_IOCTL, slave, unix.TCGETS, uintptr(unsafe.Pointer(&p.termios)))
	p.termios.Iflag |= unix.IUTF8
	p.must(stepPTY, unix.SYS_IOCTL, slave, unix.TCSETS, uintptr(unsafe.Pointer(&p.termios)))
	p.send(msgMaster, 0, int32(master))
	p.must(stepPTY, unix.SYS_IOCTL, slave, unix.TIOCSCTTY, 0)
	// The slave may be 0, 1 or 2 itself, but closes on exec there: move it up.
	slave = p.must(stepPTY, unix.SYS_FCNTL, slave, unix.F_DUPFD_CLOEXEC, fdInit+1)
	for fd := uintptr(0); fd < 3; fd++ {
		p.must(stepPTY, unix.SYS_DUP3, slave, fd, 0)
	}
}

// becomeUser ends with the wish to be hung up when our parent dies; taking on
// the user's ids would void an earlier one.
//
//go:nosplit
//go:norace
func (p *plan) becomeUser() {
	var groups uintptr
	if len(p.groups) > 0 {
		groups = uintptr(unsafe.Pointer(&p.groups[0]))
	}
	p.must(stepUser, unix.SYS_SETGROUPS, uintptr(len(p.groups)), groups, 0)
	p.must(stepUser, unix.SYS_SETRESGID, p.gid, p.gid, p.gid)
	p.must(stepUser, unix.SYS_SETRESUID, p.uid, p.uid, p.uid)
	p.must(stepUser, unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGHUP), 0)
}

//go:nosplit
//go:norace
func (p *plan) changeDir() {
	var errno syscall.Errno
	for _, dir := range p.dirs {
		if _, errno = call(unix.SYS_CHDIR, uintptr(unsafe.Pointer(dir)), 0, 0); errno == 0 {
			return
		}
	}
	p.die(stepDir, errno)
}

// execute tries the paths in turn, as execvp(3) does.
//
//go:nosplit
//go:norace
func (p *plan) execute() {
	last := syscall.Errno(unix.ENOENT)
	for _, path := range p.paths {
		_, errno := call(unix.SYS_EXECVE, uintptr(unsafe.Pointer(path)),
			uintptr(unsafe.Pointer(&p.argv[0])), uintptr(unsafe.Pointer(&p.env[0])))
		if errno != unix.ENOENT && errno != unix.ENOTDIR {
			last = errno
		}
		if errno != unix.ENOENT && errno != unix.ENOTDIR && errno != unix.EACCES {
			break
		}
	}
	p.die(stepExec, last)
}

// atCWD is AT_FDCWD; the paths used with it are absolute.
const atCWD = ^uintptr(99)
