package enter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// start forks and listens to the children until one of them is the command.
func (p *plan) start(ctx context.Context, cgroup int) (*Process, error) {
	listener, control, err := controlSocket()
	if err != nil {
		return nil, err
	}
	defer unix.Close(listener)
	lifted, err := p.lift(control)
	var pid uintptr
	if err == nil {
		var errno syscall.Errno
		syscall.ForkLock.Lock()
		pid, errno = p.fork(cgroup)
		syscall.ForkLock.Unlock()
		if errno != 0 {
			err = fmt.Errorf("fork: %w", errno)
		}
	}
	closeAll(lifted)
	unix.Close(control)
	if err != nil {
		return nil, err
	}
	return listen(ctx, listener, keeper{int(pid), int(p.pidfd)})
}

// fork makes stage one. Between the two masks nothing can interrupt, preempt
// or move this thread, in the parent as in the child.
//
//go:noinline
//go:nosplit
//go:norace
func (p *plan) fork(cgroup int) (uintptr, syscall.Errno) {
	p.args.flags = unix.CLONE_CLEAR_SIGHAND | unix.CLONE_PIDFD
	p.args.pidfd = uint64(uintptr(unsafe.Pointer(&p.pidfd)))
	p.args.exitSignal = uint64(unix.SIGCHLD)
	if cgroup >= 0 {
		p.args.flags |= unix.CLONE_INTO_CGROUP
		p.args.cgroup = uint64(cgroup)
	}
	p.mask = ^uint64(0)
	call4(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&p.mask)), uintptr(unsafe.Pointer(&p.mask)), 8)
	pid, errno := call(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&p.args)), unsafe.Sizeof(p.args), 0)
	if pid == 0 && errno == 0 {
		p.stageOne()
	}
	call4(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&p.mask)), 0, 8)
	return pid, errno
}

// controlSocket is the socket that the children report on.
func controlSocket() (listener, control int, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, fmt.Errorf("control socket: %w", err)
	}
	return pair[0], pair[1], nil
}

// lift makes copies of the descriptors that the child arranges, above those
// that it puts in order, so that it overwrites none before using it.
func (p *plan) lift(control int) (lifted []int, err error) {
	up := func(fd int) int {
		n, e := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, fdInit+1)
		if e != nil {
			err = errors.Join(err, fmt.Errorf("duplicate descriptor %d: %w", fd, e))
			return -1
		}
		lifted = append(lifted, n)
		return n
	}
	p.control, p.initfd = uintptr(up(control)), up(p.initfd)
	if !p.tty {
		for i := range p.streams {
			p.streams[i] = up(p.streams[i])
		}
	}
	return lifted, err
}

func closeAll(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}

// listen follows the children's reports. When ctx ends first it gives up.
func listen(ctx context.Context, listener int, k keeper) (*Process, error) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		unix.Shutdown(listener, unix.SHUT_RDWR) //nolint:errcheck // wakes us, and ends who still has something to say
	})
	p := &Process{pidfd: -1, keeper: k}
	ready, err := p.follow(listener)
	stopped := stop()
	if !stopped {
		<-done
	}
	switch {
	case err == nil && ready && stopped:
		return p, nil
	case err == nil && !stopped:
		err = ctx.Err()
	case err == nil:
		err = errors.New("the process was killed on its way into the zone")
	}
	p.abandon()
	return nil, err
}

// abandon has stage one kill and reap stage two, and waits for it, but not when
// the zone's freezer holds them: then a goroutine does.
func (p *Process) abandon() {
	if p.Master != nil {
		p.Master.Close()
	}
	unix.PidfdSendSignal(p.keeper.pidfd, unix.SIGTERM, nil, 0) //nolint:errcheck // it may be gone
	fds := []unix.PollFd{{Fd: int32(p.keeper.pidfd), Events: unix.POLLIN}}
	if n, _ := unix.Poll(fds, 100); n == 1 {
		p.Wait() //nolint:errcheck // nothing to learn
		return
	}
	go p.Wait() //nolint:errcheck // nothing to learn
}

// follow reads messages until exec closes the socket.
func (p *Process) follow(listener int) (ready bool, err error) {
	for {
		m, fd, err := receive(listener)
		if err != nil || m.what == msgEnd {
			return ready, err
		}
		switch m.what {
		case msgBorn:
			p.Pid, p.pidfd = int(m.number), fd
		case msgMaster:
			if p.Master, err = checkMaster(fd); err != nil {
				return false, err
			}
		case msgReady:
			ready = true
		case msgFailed:
			return false, &StepError{step: m.step, Errno: syscall.Errno(m.number)}
		}
	}
}

// checkMaster makes sure that what came out of the zone is a pty's master:
// whatever lies at /dev/ptmx there, nothing else is ever read or written here.
func checkMaster(fd int) (*os.File, error) {
	var st unix.Stat_t
	if fd < 0 {
		return nil, errors.New("the zone's terminal did not arrive")
	}
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != unix.Mkdev(5, 2) {
		unix.Close(fd)
		return nil, errors.New("the zone's /dev/ptmx is no terminal multiplexer")
	}
	if err := unix.SetNonblock(fd, true); err != nil { // so that Close ends a Read
		unix.Close(fd)
		return nil, fmt.Errorf("the zone's terminal: %w", err)
	}
	return os.NewFile(uintptr(fd), "zone terminal"), nil
}
