// Package relay moves bytes between descriptors, several flows at once on one
// thread: between pipes without copying them through this process, and never
// blocked by one flow while another could go on. It knows nothing of who is at
// either end.
package relay

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Linger is how long output is awaited after the end of whoever made it, from
// the last byte on: others may hold the pipe open for ever.
const Linger = 500 * time.Millisecond

// Run moves the flows' bytes until done polls readable and all outputs have
// ended or fallen silent. Inputs are not waited for. It closes the descriptors
// that the flows own.
func Run(done int, flows []*Flow) error {
	defer func() {
		for _, f := range flows {
			f.Close()
		}
	}()
	l := loop{done: done, flows: flows}
	for {
		over, err := l.turn()
		if over || err != nil {
			return err
		}
	}
}

type loop struct {
	done  int
	flows []*Flow
	fds   []unix.PollFd
	who   []*Flow // of fds, nil for done
	ended bool
}

// turn waits for something to do, and does it.
func (l *loop) turn() (over bool, err error) {
	l.gather()
	if l.ended && !l.hasOutput() {
		return true, nil
	}
	wait := -1
	if l.ended {
		wait = int(Linger / time.Millisecond)
	}
	n, err := unix.Poll(l.fds, wait)
	if err == unix.EINTR {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("wait for input or output: %w", err)
	}
	moved := false
	for i, fd := range l.fds {
		switch {
		case fd.Revents == 0:
		case l.who[i] == nil:
			l.ended = true
		default:
			l.who[i].move()
			moved = moved || !l.who[i].Input
		}
	}
	return l.ended && n == 0 && !moved, nil
}

func (l *loop) gather() {
	l.fds, l.who = l.fds[:0], l.who[:0]
	if !l.ended {
		l.fds, l.who = append(l.fds, unix.PollFd{Fd: int32(l.done), Events: unix.POLLIN}), append(l.who, nil)
	}
	for _, f := range l.flows {
		if f.ended || l.ended && f.Input {
			continue
		}
		l.fds, l.who = append(l.fds, f.poll()), append(l.who, f)
	}
}

func (l *loop) hasOutput() bool {
	for _, f := range l.flows {
		if !f.ended && !f.Input {
			return true
		}
	}
	return false
}
