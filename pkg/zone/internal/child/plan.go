package child

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Descriptors of the children, once stage one has put them in order.
const (
	fdControl = 3 // the socket to the parent; exec closes it
	// FdInit is the pidfd of the zone's init, which stage one closes. All
	// descriptors of a Plan lie above it.
	FdInit = 4
)

// What a message on the control socket says, in its first byte.
const (
	Born   = 'B' // from stage one: stage two's pidfd; pid in the number
	Master = 'M' // the master of the pty
	Ready  = 'R' // exec is next
	Failed = 'E' // at a step, errno in the number
)

// The steps that can fail.
const (
	StepCgroup = iota
	StepLimits
	StepStreams
	StepSetns
	StepRoot
	StepFork
	StepParent
	StepBounding
	StepFilter
	StepPTY
	StepUser
	StepDir
	StepExec
)

// Message is one report of the children, as it lies in their memory.
type Message struct {
	What   byte
	Step   byte
	_      [2]byte
	Number uint32
}

// MessageSize is that of a Message in bytes.
const MessageSize = unsafe.Sizeof(Message{})

// Rlimits is RLIM_NLIMITS.
const Rlimits = 16

// Rlimit is init's limit, and what we can do where it is above our own.
type Rlimit struct {
	Resource       uintptr
	Want, Possible unix.Rlimit
}

// Plan is a command on its way into a zone. The children only read it, and
// scribble into what is not exported.
type Plan struct {
	Control uintptr // the socket to the parent
	Parent  uintptr // its pid
	Init    int     // pidfd of the zone's init
	Tasks   []int   // files of cgroups v1 to write "0" to

	Limits     []Rlimit // those that differ from the parent's
	OOMAdj     []byte   // for oom_score_adj, none when it is the parent's
	Bounding   uint64   // capabilities that the command may have
	NoNewPrivs bool
	Filter     unix.SockFprog

	Streams [3]int
	TTY     bool // instead of Streams: a pty of the zone's own
	Window  unix.Winsize

	UID, GID uintptr
	Groups   []uint32
	Dirs     []*byte // C strings: the first that can be entered
	Paths    []*byte // C strings: the first that can be executed
	Argv     []*byte // C strings, nil at the end
	Env      []*byte // C strings, nil at the end

	Pidfd int32 // of stage one, once Fork returned

	args      cloneArgs
	one, two  voice
	pidfd     int32 // of stage two, in stage one
	mask      uint64
	status    uint32
	unlock    int32
	termios   unix.Termios
	priority  uint32
	noSignals uint64
	stack     [stackSize]byte // of stage two
}

// stackSize is of stage two, which runs nosplit code only: they need less than
// the compiler's limit for that.
const stackSize = 4096

// cloneArgs is struct clone_args of clone3(2), second version.
type cloneArgs struct {
	flags, pidfd, childTid, parentTid, exitSignal, stack, stackSize, tls uint64
	setTid, setTidSize, cgroup                                           uint64
}

// Fork makes stage one, in the cgroup (of version 2) that a descriptor above -1
// names. Between the two masks nothing can interrupt, preempt or move this
// thread, in the parent as in the child. The plan must not move.
//
//go:noinline
//go:nosplit
//go:norace
func (p *Plan) Fork(cgroup int) (uintptr, syscall.Errno) {
	p.one.prepare(p.Control)
	p.two.prepare(p.Control)
	p.args.flags = unix.CLONE_CLEAR_SIGHAND | unix.CLONE_PIDFD
	p.args.pidfd = uint64(uintptr(unsafe.Pointer(&p.Pidfd)))
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
