package enter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone/internal/child"
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
		pid, errno = p.Fork(cgroup)
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
	return listen(ctx, listener, keeper{int(pid), int(p.Pidfd)})
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
		n, e := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, child.FdInit+1)
		if e != nil {
			err = errors.Join(err, fmt.Errorf("duplicate descriptor %d: %w", fd, e))
			return -1
		}
		lifted = append(lifted, n)
		return n
	}
	p.Control, p.Init = uintptr(up(control)), up(p.Init)
	if !p.TTY {
		for i := range p.Streams {
			p.Streams[i] = up(p.Streams[i])
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
		if err != nil || m.What == msgEnd {
			return ready, err
		}
		switch m.What {
		case child.Born:
			p.Pid, p.pidfd = int(m.Number), fd
		case child.Master:
			if p.Master, err = checkMaster(fd); err != nil {
				return false, err
			}
		case child.Ready:
			ready = true
		case child.Failed:
			return false, &StepError{step: m.Step, Errno: syscall.Errno(m.Number)}
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
