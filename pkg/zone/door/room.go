package door

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/relay"
	"github.com/smartbox-os/smartbox/pkg/zone/internal/account"
	"github.com/smartbox-os/smartbox/pkg/zone/internal/child"
)

// room is all the memory of one way into a zone. What is written after the fork
// lies together, since every page written then is copied first.
type room struct {
	opens [64]int32 // descriptors to be closed
	open  int       // how many of them
	fds   [2]int32  // of pipe2(2) and socketpair(2)

	plan     child.Plan
	listener int
	message  child.Message
	header   unix.Msghdr
	iov      unix.Iovec
	control  [32]byte
	stageOne int
	stageTwo int // pidfd
	pid      int // of stage two
	ready    bool
	poll     unix.PollFd
	patience unix.Timespec
	status   uint32 // of stage one

	mask     uint64 // of signals, as we found it
	taken    uint64
	signals  int // descriptor
	siginfo  unix.SignalfdSiginfo
	loop     relay.Loop
	flows    [3]relay.Flow
	buffered int // how many of buffers are in use

	name    []byte // of the zone
	words   []*byte
	safe    bool   // -S: nothing of the zone but /bin/sh, and that only for its words
	noInput bool   // -n
	root    []byte // SMARTBOX_ROOT

	bootID  []byte
	path    []byte
	group   []byte
	tasks   uint64 // how many of taskFiles there are
	uidBase uint32
	init    process
	initfd  int // pidfd

	how     unix.OpenHow
	stat    unix.Stat_t
	lock    unix.Flock_t
	account account.Account
	limits  [child.Rlimits]child.Rlimit
	argv    [4]*byte
	env     [6]*byte
	dirs    [2]*byte
	paths   [1]*byte

	taskFiles [maxTasks][]byte
	cgroups   [maxTasks]int
	direct    [maxWords]*byte // of a command without a shell
	groups    [1000]uint32
	filter    [1024]unix.SockFilter
	file      [8 << 10]byte // of /proc
	oom       [2][32]byte
	record    [32 << 10]byte
	passwd    [64 << 10]byte
	members   [64 << 10]byte
	text      arena // C strings
	buffers   [3][relay.Chunk]byte
}

// maxTasks is how many hierarchies of cgroups of version 1 there can be.
const maxTasks = 24

// process is one that a pid alone does not name.
type process struct {
	pid   int
	start uint64 // field 22 of /proc/PID/stat
}

// the room of this process.
var here room

// call makes a system call.
func call(nr, a, b, c, d, e uintptr) (uintptr, syscall.Errno) {
	for {
		r, _, errno := syscall.RawSyscall6(nr, a, b, c, d, e, 0)
		if errno != unix.EINTR || nr == unix.SYS_CLOSE {
			return r, errno
		}
	}
}

// keep notes a descriptor that is closed when we give up.
func (m *room) keep(fd uintptr) int {
	if m.open < len(m.opens) {
		m.opens[m.open] = int32(fd)
		m.open++
	}
	return int(fd)
}

// leave undoes what was done, for the ordinary way to begin anew.
func (m *room) leave() {
	for i := range m.opens {
		if i < m.open {
			call(unix.SYS_CLOSE, uintptr(m.opens[i]), 0, 0, 0, 0)
		}
	}
	if m.taken != 0 {
		call(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, address(&m.mask), 0, 8, 0)
	}
}

// openFile opens a C string for reading or, with flags, otherwise.
func (m *room) openFile(path *byte, flags uintptr) (fd int, ok bool) {
	n, errno := call(unix.SYS_OPENAT, atCWD, address(path), flags|unix.O_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, false
	}
	return m.keep(n), true
}

// readAll reads a file to its end. One that does not fit cannot be read.
func (m *room) readAll(fd int, into []byte) (data []byte, ok bool) {
	n := 0
	for n < len(into) {
		got, errno := call(unix.SYS_READ, uintptr(fd), address(&into[n]), uintptr(len(into)-n), 0, 0)
		if errno != 0 || int(got) > len(into)-n {
			return nil, false
		}
		if got == 0 {
			return into[:n], true
		}
		n += int(got)
	}
	return nil, false
}

// readFile reads the file that a C string names.
func (m *room) readFile(path *byte, into []byte) ([]byte, bool) {
	fd, ok := m.openFile(path, unix.O_RDONLY)
	if !ok {
		return nil, false
	}
	data, ok := m.readAll(fd, into)
	call(unix.SYS_CLOSE, uintptr(fd), 0, 0, 0, 0)
	m.open--
	return data, ok
}

// address is for system calls. What it points to lies in the room, which stays
// where it is.
func address[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }

// atCWD is AT_FDCWD; the paths used with it are absolute.
const atCWD = ^uintptr(99)
