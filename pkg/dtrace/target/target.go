// Package target is the processes that a run of dtrace is about: those that it
// starts, held before their main begins until all probes are in place, and those
// that were there before. It never looks into what they do.
package target

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
)

// Process is one target.
type Process struct {
	Pid int

	pidfd  int
	start  *launch // of one that we started
	done   chan struct{}
	stop   *os.File // closing it ends the wait
	status unix.WaitStatus
}

// Grab takes a process that runs already.
func Grab(pid int) (*Process, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	switch {
	case errors.Is(err, unix.ESRCH), errors.Is(err, unix.EINVAL):
		return nil, fmt.Errorf("failed to grab pid %d: no such process", pid)
	case err != nil:
		return nil, fmt.Errorf("failed to grab pid %d: %w", pid, err)
	}
	return watch(&Process{Pid: pid, pidfd: fd})
}

// watch closes done when the process has ended.
func watch(p *Process) (*Process, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, unix.Close(p.pidfd))
	}
	p.done, p.stop = make(chan struct{}), w
	go p.wait(r)
	return p, nil
}

// wait waits until the process has ended, or nobody is interested any more.
func (p *Process) wait(stop *os.File) {
	defer stop.Close()
	fds := []unix.PollFd{{Fd: int32(p.pidfd), Events: unix.POLLIN}, {Fd: int32(stop.Fd())}}
	for {
		_, err := unix.Poll(fds, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		break
	}
	if p.start != nil && fds[0].Revents != 0 {
		p.status, _ = host.WaitPid(p.Pid) // nobody else reaps it
	}
	close(p.done)
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Ended says in words how the process ended; only a child of ours tells more
// than that it did.
func (p *Process) Ended() string {
	switch {
	case p.status.Signaled():
		return fmt.Sprintf("pid %d terminated by %s", p.Pid, unix.SignalName(p.status.Signal()))
	case p.status.ExitStatus() > 0:
		return fmt.Sprintf("pid %d exited with status %d", p.Pid, p.status.ExitStatus())
	}
	return fmt.Sprintf("pid %d has exited", p.Pid)
}

// Resume lets a process that we started begin; it does nothing for others.
func (p *Process) Resume() error {
	if p.start == nil {
		return nil
	}
	return p.start.resume()
}

// Close lets go of the process. One that we started is killed if it still runs:
// it is part of the run.
func (p *Process) Close() error {
	var err error
	if p.start != nil {
		select {
		case <-p.done:
		default:
			if err = unix.PidfdSendSignal(p.pidfd, unix.SIGKILL, nil, 0); errors.Is(err, unix.ESRCH) {
				err = nil
			}
			err = errors.Join(err, p.start.abandon())
			<-p.done
		}
	}
	err = errors.Join(err, p.stop.Close())
	<-p.done
	return errors.Join(err, unix.Close(p.pidfd))
}
