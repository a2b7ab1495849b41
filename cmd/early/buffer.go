package early

import "golang.org/x/sys/unix"

// buffer is what will be printed, all at once: until then it can be given up.
type buffer struct {
	bytes [1 << 20]byte
	used  int
	full  bool
}

func (b *buffer) put(s string) {
	if len(s) > len(b.bytes)-b.used {
		b.full = true
		return
	}
	b.used += copy(b.bytes[b.used:], s)
}

// pad prints s and blanks up to width.
func (b *buffer) pad(s string, width int) {
	b.put(s)
	for range width - len(s) {
		b.put(" ")
	}
}

// flushRight prints blanks up to width and s.
func (b *buffer) flushRight(s string, width int) {
	for range width - len(s) {
		b.put(" ")
	}
	b.put(s)
}

// endLine cuts blanks at the end of the line.
func (b *buffer) endLine() {
	for b.used > 0 && b.bytes[b.used-1] == ' ' {
		b.used--
	}
	b.put("\n")
}

// flush prints. It fails only before anything is printed.
func (b *buffer) flush() bool {
	if b.full {
		return false
	}
	for at := 0; at < b.used; {
		n, errno := call(unix.SYS_WRITE, 1, address(&b.bytes[at]), uintptr(b.used-at), 0, 0)
		switch {
		case errno == unix.EAGAIN:
			here.poll = unix.PollFd{Fd: 1, Events: unix.POLLOUT}
			call(unix.SYS_PPOLL, address(&here.poll), 1, 0, 0, 8)
		case errno != 0 && at == 0:
			return false
		case errno != 0:
			exit(1) // the reader has seen that it is cut short
		default:
			at += int(n)
		}
	}
	return true
}
