package door

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/relay"
	"github.com/smartbox-os/smartbox/pkg/zone/internal/child"
)

// layStreams makes the pipes, whose ends in the zone are the user's.
func (m *room) layStreams() bool {
	owner := uintptr(m.uidBase) + m.plan.UID
	for i := range m.plan.Streams {
		if _, errno := call(unix.SYS_PIPE2, address(&m.fds), unix.O_CLOEXEC, 0, 0, 0); errno != 0 {
			return false
		}
		r, w := m.keep(uintptr(m.fds[0])), m.keep(uintptr(m.fds[1]))
		f := &m.flows[i]
		*f = relay.Flow{From: r, To: i}
		theirs, mine := w, r
		if i == 0 {
			*f = relay.Flow{From: 0, To: w, Input: true}
			theirs, mine = r, w
		}
		_, errno1 := call(unix.SYS_FCHOWN, uintptr(theirs), owner, ^uintptr(0)>>32, 0, 0)
		_, errno2 := call(unix.SYS_FCNTL, uintptr(mine), unix.F_SETFL, unix.O_NONBLOCK, 0, 0)
		if m.plan.Streams[i] = m.lift(theirs); errno1 != 0 || errno2 != 0 || m.plan.Streams[i] < 0 {
			return false
		}
		m.loop.Flows[i] = f
	}
	return true
}

// passed are the signals that the command answers, not we.
const passed = 1<<(unix.SIGINT-1) | 1<<(unix.SIGTERM-1) | 1<<(unix.SIGHUP-1) | 1<<(unix.SIGQUIT-1)

// takeSignals makes signals wait at a descriptor, and a broken pipe an error.
func (m *room) takeSignals() bool {
	m.taken = passed | 1<<(unix.SIGPIPE-1)
	if _, errno := call(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, address(&m.taken), address(&m.mask), 8, 0); errno != 0 {
		return false
	}
	m.taken = passed
	fd, errno := call(unix.SYS_SIGNALFD4, ^uintptr(0), address(&m.taken), 8, unix.SFD_CLOEXEC|unix.SFD_NONBLOCK, 0)
	if errno != 0 {
		return false
	}
	m.signals = m.keep(fd)
	return true
}

// start makes the children and listens to them until the command is executed.
func (m *room) start() bool {
	if _, errno := call(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0, address(&m.fds), 0); errno != 0 {
		return false
	}
	m.listener = m.keep(uintptr(m.fds[0]))
	control := m.lift(m.keep(uintptr(m.fds[1])))
	m.plan.Control, m.plan.Init = uintptr(control), m.lift(m.initfd)
	m.plan.Parent, _ = call(unix.SYS_GETPID, 0, 0, 0, 0, 0)
	cgroup := -1
	if len(m.group) > 1 {
		ok := false
		if cgroup, ok = m.openFile(&m.group[0], unix.O_PATH|unix.O_DIRECTORY); !ok {
			return false
		}
	}
	if control < 0 || m.plan.Init < 0 {
		return false
	}
	pid, errno := m.plan.Fork(cgroup)
	if errno != 0 {
		return false // among others: the zone made an inner group of its own
	}
	m.stageOne, m.stageTwo = int(pid), -1
	m.keep(uintptr(m.plan.Pidfd))
	m.closeTheirs()
	if m.follow() {
		return true
	}
	m.abandon()
	return false
}

// closeTheirs closes what the children have and we must not: the ends of the
// pipes and of the socket.
func (m *room) closeTheirs() {
	keep := 0
	for i := range m.opens {
		if i >= m.open {
			break
		}
		fd := int(m.opens[i])
		if fd == m.listener || fd == m.signals || fd == int(m.plan.Pidfd) ||
			fd == m.flows[0].To || fd == m.flows[1].From || fd == m.flows[2].From {
			m.opens[keep] = int32(fd)
			keep++
			continue
		}
		call(unix.SYS_CLOSE, uintptr(fd), 0, 0, 0, 0)
	}
	m.open = keep
}

// follow reads messages until exec closes the socket.
func (m *room) follow() bool {
	for {
		m.iov.Base, m.iov.Len = (*byte)(unsafe.Pointer(&m.message)), uint64(child.MessageSize)
		m.header.Iov, m.header.Iovlen = &m.iov, 1
		m.header.Control, m.header.Controllen = &m.control[0], uint64(len(m.control))
		n, errno := call(unix.SYS_RECVMSG, uintptr(m.listener), address(&m.header), unix.MSG_CMSG_CLOEXEC, 0, 0)
		if errno != 0 {
			return false
		}
		if n == 0 {
			return m.ready
		}
		switch m.message.What {
		case child.Born:
			m.pid = int(m.message.Number)
			if m.stageTwo = m.carried(); m.stageTwo < 0 {
				return false
			}
		case child.Ready:
			m.ready = true
		default:
			return false
		}
	}
}

// carried is the one descriptor of the message just received.
func (m *room) carried() int {
	h := (*unix.Cmsghdr)(unsafe.Pointer(&m.control[0]))
	if m.header.Controllen < unix.SizeofCmsghdr+4 || h.Level != unix.SOL_SOCKET || h.Type != unix.SCM_RIGHTS || h.Len != unix.SizeofCmsghdr+4 {
		return -1
	}
	return m.keep(uintptr(*(*int32)(unsafe.Pointer(&m.control[unix.SizeofCmsghdr]))))
}

// abandon has stage one kill and reap stage two, and waits for that, but not when
// the zone's freezer holds them: then they die when we do.
func (m *room) abandon() {
	call(unix.SYS_PIDFD_SEND_SIGNAL, uintptr(m.plan.Pidfd), uintptr(unix.SIGTERM), 0, 0, 0)
	m.poll, m.patience = unix.PollFd{Fd: m.plan.Pidfd, Events: unix.POLLIN}, unix.Timespec{Nsec: 100e6}
	if n, _ := call(unix.SYS_PPOLL, address(&m.poll), 1, address(&m.patience), 0, 8); n == 1 {
		m.reap()
	}
}

// relay moves bytes and signals until the command ends, and ends as it did.
func (m *room) relay() {
	l := &m.loop
	l.Done, l.Wake, l.Call, l.Memory = int(m.plan.Pidfd), m.signals, syscall.RawSyscall6, memory
	if m.noInput {
		m.flows[0].Close()
	}
	for {
		over, errno := l.Turn()
		if over {
			break
		}
		if errno != 0 {
			m.signal(uintptr(unix.SIGKILL))
			break
		}
		if l.Woken() {
			m.passSignal()
		}
	}
	for i := range m.flows {
		m.flows[i].Close()
	}
	exit(m.reap())
}

// memory is where a flow that splice(2) cannot move is copied through.
func memory() []byte {
	m := &here
	if m.buffered >= len(m.buffers) {
		return nil
	}
	m.buffered++
	return m.buffers[m.buffered-1][:]
}

func (m *room) passSignal() {
	n, errno := call(unix.SYS_READ, uintptr(m.signals), address(&m.siginfo), unsafe.Sizeof(m.siginfo), 0, 0)
	if errno == 0 && n == unsafe.Sizeof(m.siginfo) {
		m.signal(uintptr(m.siginfo.Signo))
	}
}

// signal sends a signal to the command and its process group.
func (m *room) signal(sig uintptr) {
	_, errno := call(unix.SYS_PIDFD_SEND_SIGNAL, uintptr(m.stageTwo), sig, 0, unix.PIDFD_SIGNAL_PROCESS_GROUP, 0)
	if errno != unix.EINVAL {
		return
	}
	// Linux before 6.9
	if _, errno = call(unix.SYS_PIDFD_SEND_SIGNAL, uintptr(m.stageTwo), 0, 0, 0, 0); errno == 0 {
		call(unix.SYS_KILL, -uintptr(m.pid), sig, 0, 0, 0)
	}
}

// reap waits for stage one and returns the exit code that it passes on.
func (m *room) reap() uintptr {
	if _, errno := call(unix.SYS_WAIT4, uintptr(m.stageOne), address(&m.status), 0, 0, 0); errno != 0 {
		return 1
	}
	if s := m.status & 0x7f; s != 0 {
		return 128 + uintptr(s)
	}
	return uintptr(m.status >> 8 & 0xff)
}

func exit(code uintptr) {
	for {
		call(unix.SYS_EXIT_GROUP, code, 0, 0, 0, 0)
	}
}
