package relay

import (
	"errors"

	"golang.org/x/sys/unix"
)

const chunk = 64 << 10

// Flow moves what comes from one descriptor to another. One of the two is a
// pipe of ours, which the flow owns: non-blocking, and closed when the flow
// ends, so that its other end learns of it.
type Flow struct {
	From, To int
	// Input says that From is the world's and To ours; else it is the other
	// way about. To may be -1 then: the output is thrown away.
	Input bool

	blocked bool // there is input, but no room for it
	copying bool // splice(2) cannot do it
	pending []byte
	buf     []byte
	ended   bool
}

func (f *Flow) poll() unix.PollFd {
	if f.blocked {
		return unix.PollFd{Fd: int32(f.To), Events: unix.POLLOUT}
	}
	return unix.PollFd{Fd: int32(f.From), Events: unix.POLLIN}
}

// Close closes the end that is ours, once.
func (f *Flow) Close() {
	if f.ended {
		return
	}
	f.ended = true
	if f.Input {
		unix.Close(f.To)
	} else {
		unix.Close(f.From)
	}
}

// move moves what can be moved now.
func (f *Flow) move() {
	if f.copying || f.To < 0 {
		f.copy()
		return
	}
	n, err := unix.Splice(f.From, nil, f.To, nil, chunk, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
	switch {
	case errors.Is(err, unix.EAGAIN):
		// The one that was ready is not to blame.
		f.blocked = !f.blocked
	case err == unix.EINVAL:
		f.copying = true
		f.copy()
	case errors.Is(err, unix.EINTR):
	case err != nil || n == 0:
		f.Close()
	default:
		f.blocked = false
	}
}

func (f *Flow) copy() {
	if len(f.pending) == 0 && !f.fill() {
		return
	}
	for len(f.pending) > 0 {
		n, err := f.write()
		switch {
		case errors.Is(err, unix.EAGAIN):
			f.blocked = true
			return
		case errors.Is(err, unix.EINTR):
		case err != nil:
			f.Close()
			return
		}
		f.pending = f.pending[max(n, 0):]
		if !f.Input && len(f.pending) > 0 {
			f.blocked = true // ask again: the world's end may block
			return
		}
	}
	f.blocked = false
}

// fill reads; false says that there is nothing to write.
func (f *Flow) fill() bool {
	if f.buf == nil {
		f.buf = make([]byte, chunk)
	}
	n, err := unix.Read(f.From, f.buf)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return false
	case err != nil || n == 0:
		f.Close()
		return false
	}
	f.pending = f.buf[:n]
	return true
}

func (f *Flow) write() (int, error) {
	if f.To < 0 {
		return len(f.pending), nil
	}
	return unix.Write(f.To, f.pending)
}
