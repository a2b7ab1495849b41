package relay

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Call makes a system call, as syscall.Syscall6 and syscall.RawSyscall6 do.
type Call func(nr, a, b, c, d, e, f uintptr) (r1, r2 uintptr, errno syscall.Errno)

// Loop is a relay in the making. It must not move in memory.
type Loop struct {
	Done   int      // polls readable once the one that the flows belong to has ended
	Wake   int      // see Woken; -1 for none
	Flows  [3]*Flow // nil for none
	Call   Call
	Memory func() []byte // Chunk bytes for a flow that must be copied

	ended bool
	woken bool
	wait  unix.Timespec
	fds   [5]unix.PollFd // of Done, Wake and the flows; -1 where there is nothing to ask
}

// Where in fds is what.
const (
	atDone = iota
	atWake
	atFlows
)

// Woken reports whether the last turn found Wake readable.
func (l *Loop) Woken() bool { return l.woken }

// Turn waits for something to do, and does it. It is over when Done is readable
// and no output has come for Linger, or none can come.
func (l *Loop) Turn() (over bool, errno syscall.Errno) {
	l.gather()
	if l.ended && !l.hasOutput() {
		return true, 0
	}
	var wait uintptr
	if l.ended {
		l.wait = unix.Timespec{Nsec: int64(Linger % time.Second), Sec: int64(Linger / time.Second)}
		wait = uintptr(unsafe.Pointer(&l.wait))
	}
	n, _, errno := l.Call(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&l.fds)), uintptr(len(l.fds)), wait, 0, 0, 0)
	if errno == unix.EINTR {
		return false, 0
	}
	if errno != 0 {
		return false, errno
	}
	if l.fds[atDone].Revents != 0 {
		l.ended = true
	}
	l.woken = l.fds[atWake].Revents != 0
	moved := false
	for i, f := range l.Flows {
		if f == nil || l.fds[atFlows+i].Revents == 0 {
			continue
		}
		f.move(l)
		moved = moved || !f.Input
	}
	return l.ended && n == 0 && !moved, 0
}

func (l *Loop) gather() {
	l.woken = false
	for i := range l.fds {
		l.fds[i] = unix.PollFd{Fd: -1}
	}
	if !l.ended {
		l.fds[atDone] = unix.PollFd{Fd: int32(l.Done), Events: unix.POLLIN}
	}
	l.fds[atWake] = unix.PollFd{Fd: int32(l.Wake), Events: unix.POLLIN}
	for i, f := range l.Flows {
		if f != nil && !f.ended && (!l.ended || !f.Input) {
			l.fds[atFlows+i] = f.poll()
		}
	}
}

func (l *Loop) hasOutput() bool {
	for _, f := range l.Flows {
		if f != nil && !f.ended && !f.Input {
			return true
		}
	}
	return false
}
