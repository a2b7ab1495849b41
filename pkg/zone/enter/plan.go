package enter

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Command is what to run in the zone.
type Command struct {
	Argv   []string
	Path   []string // directories for an Argv[0] without a slash
	Exec   string   // the file to execute when it is not Argv[0]
	Env    []string // the whole environment
	Dirs   []string // the first that can be entered is the working directory
	UID    uint32   // ids as the zone has them
	GID    uint32
	Groups []uint32
	// Streams are the ends of pipes for 0, 1 and 2; unused with TTY. They stay
	// the caller's.
	Streams [3]int
	TTY     bool   // a pty of the zone's own; Process.Master is its other end
	Rows    uint16 // of the pty, 0 when unknown
	Cols    uint16
}

// plan is a Command in a Target, prepared to the last byte: the children only
// read it, and scribble into message and rights.
type plan struct {
	args    cloneArgs
	pidfd   int32 // of stage one; in that, of stage two
	mask    uint64
	control uintptr
	parent  uintptr
	initfd  int
	tasks   []int
	message message
	status  uint32

	rlimits    []rlimit
	oomAdj     []byte
	oomPath    *byte
	noPriority uint32

	streams    [3]int
	tty        bool
	ptmx       *byte
	unlock     int32
	window     unix.Winsize
	termios    unix.Termios
	header     unix.Msghdr
	iov        unix.Iovec
	rights     rights
	bounding   uint64
	noNewPrivs bool
	filter     unix.SockFprog

	uid, gid  uintptr
	groups    []uint32
	dirs      []*byte
	paths     []*byte
	argv, env []*byte
	noSignals uint64
}

// cloneArgs is struct clone_args of clone3(2), second version.
type cloneArgs struct {
	flags, pidfd, childTid, parentTid, exitSignal, stack, stackSize, tls uint64
	setTid, setTidSize, cgroup                                           uint64
}

// rights is a control message that carries one descriptor.
type rights struct {
	unix.Cmsghdr
	fd int32
	_  int32
}

// rlimit is init's limit, and what we can do where it is above our own.
type rlimit struct {
	resource       uintptr
	want, possible unix.Rlimit
}

func newPlan(c Command, l limits, filter []unix.SockFilter) (*plan, error) {
	p := &plan{
		bounding: l.bounding, noNewPrivs: l.noNewPrivs, oomAdj: l.oomAdj,
		streams: c.Streams, tty: c.TTY, window: unix.Winsize{Row: c.Rows, Col: c.Cols}, parent: uintptr(unix.Getpid()),
		uid: uintptr(c.UID), gid: uintptr(c.GID), groups: c.Groups,
	}
	p.oomPath, p.ptmx = bytePtr("/proc/self/oom_score_adj"), bytePtr("/dev/ptmx")
	if len(filter) > 0 {
		p.filter = unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	}
	p.iov = unix.Iovec{Base: (*byte)(unsafe.Pointer(&p.message)), Len: uint64(messageSize)}
	p.rights.Cmsghdr = unix.Cmsghdr{Level: unix.SOL_SOCKET, Type: unix.SCM_RIGHTS}
	p.rights.SetLen(unix.CmsgLen(4))
	p.header = unix.Msghdr{Iov: &p.iov, Iovlen: 1, Control: (*byte)(unsafe.Pointer(&p.rights))}
	p.header.SetControllen(unix.CmsgSpace(4))
	return p, errors.Join(p.setLimits(l), p.setCommand(c))
}

func (p *plan) setCommand(c Command) (err error) {
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return errors.New("the command is empty")
	}
	file := c.Exec
	if file == "" {
		file = c.Argv[0]
	}
	files := []string{file}
	if !strings.Contains(file, "/") {
		files = nil
		for _, dir := range c.Path {
			files = append(files, path.Join(dir, file))
		}
	}
	for _, list := range []struct {
		to   *[]*byte
		from []string
	}{{&p.argv, c.Argv}, {&p.env, c.Env}, {&p.dirs, c.Dirs}, {&p.paths, files}} {
		if *list.to, err = syscall.SlicePtrFromStrings(list.from); err != nil {
			return fmt.Errorf("the command or its environment has a NUL byte")
		}
	}
	// The last two lists are walked here, not by the kernel: no nil at the end.
	p.dirs, p.paths = p.dirs[:len(p.dirs)-1], p.paths[:len(p.paths)-1]
	return nil
}

func (p *plan) setLimits(l limits) error {
	for i, want := range l.rlimits {
		var own unix.Rlimit
		if err := unix.Prlimit(0, i, nil, &own); err != nil {
			return fmt.Errorf("read own limit %d: %w", i, err)
		}
		if own == want {
			continue
		}
		hard := min(own.Max, want.Max)
		possible := unix.Rlimit{Cur: min(want.Cur, hard), Max: hard}
		p.rlimits = append(p.rlimits, rlimit{uintptr(i), want, possible})
	}
	return nil
}

func bytePtr(s string) *byte { return &append([]byte(s), 0)[0] }
