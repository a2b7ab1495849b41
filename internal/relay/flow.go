package relay

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Chunk is how much is moved at once, in bytes.
const Chunk = 64 << 10

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
	ours := f.From
	if f.Input {
		ours = f.To
	}
	syscall.RawSyscall6(unix.SYS_CLOSE, uintptr(ours), 0, 0, 0, 0, 0) // of a pipe: never waits
}

// move moves what can be moved now.
func (f *Flow) move(l *Loop) {
	if f.copying || f.To < 0 {
		f.copy(l)
		return
	}
	n, _, errno := l.Call(unix.SYS_SPLICE, uintptr(f.From), 0, uintptr(f.To), 0, Chunk, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
	switch {
	case errno == unix.EAGAIN:
		// The one that was ready is not to blame.
		f.blocked = !f.blocked
	case errno == unix.EINVAL:
		f.copying = true
		f.copy(l)
	case errno == unix.EINTR:
	case errno != 0 || n == 0:
		f.Close()
	default:
		f.blocked = false
	}
}

func (f *Flow) copy(l *Loop) {
	if len(f.pending) == 0 && !f.fill(l) {
		return
	}
	for len(f.pending) > 0 {
		n, errno := f.write(l)
		switch {
		case errno == unix.EAGAIN:
			f.blocked = true
			return
		case errno == unix.EINTR:
			continue
		case errno != 0:
			f.Close()
			return
		}
		f.pending = f.pending[min(int(n), len(f.pending)):]
		if !f.Input && len(f.pending) > 0 {
			f.blocked = true // ask again: the world's end may block
			return
		}
	}
	f.blocked = false
}

// fill reads; false says that there is nothing to write.
func (f *Flow) fill(l *Loop) bool {
	if len(f.buf) == 0 {
		if f.buf = l.Memory(); len(f.buf) == 0 {
			f.Close()
			return false
		}
	}
	n, _, errno := l.Call(unix.SYS_READ, uintptr(f.From), uintptr(unsafe.Pointer(&f.buf[0])), uintptr(len(f.buf)), 0, 0, 0)
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return false
	case errno != 0 || n == 0:
		f.Close()
		return false
	}
	f.pending = f.buf[:min(int(n), len(f.buf))]
	return true
}

func (f *Flow) write(l *Loop) (uintptr, syscall.Errno) {
	if f.To < 0 {
		return uintptr(len(f.pending)), 0
	}
	n, _, errno := l.Call(unix.SYS_WRITE, uintptr(f.To), uintptr(unsafe.Pointer(&f.pending[0])), uintptr(len(f.pending)), 0, 0, 0)
	return n, errno
}
