package door

import (
	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone/internal/account"
)

// know finds out what the command may, and who it is.
func (m *room) know() bool { return m.readStatus() && m.readLimits() && m.readOOM() && m.readAccount() }

// readStatus reads init's capability bounding set.
func (m *room) readStatus() bool {
	status, ok := m.readFile(m.inProc("status"), m.file[:])
	if !ok {
		return false
	}
	set, ok := field(status, "\nCapBnd:\t")
	if !ok {
		return false
	}
	if m.plan.Bounding, ok = unsigned(set, 16); !ok {
		return false
	}
	no, ok := field(status, "\nNoNewPrivs:\t")
	m.plan.NoNewPrivs = ok && is(no, "1")
	return true
}

// field is the rest of the line that begins with key.
func field(text []byte, key string) ([]byte, bool) {
	at := find(text, key)
	if at < 0 {
		return nil, false
	}
	rest := text[at+len(key):]
	end := index(rest, '\n')
	if end < 0 {
		return nil, false
	}
	return rest[:end], true
}

// readLimits notes which limits of init differ from ours.
func (m *room) readLimits() bool {
	n := 0
	for i := range m.limits {
		l := &m.limits[n]
		l.Resource = uintptr(i)
		_, errno := call(unix.SYS_PRLIMIT64, uintptr(m.init.pid), uintptr(i), 0, address(&l.Want), 0)
		_, own := call(unix.SYS_PRLIMIT64, 0, uintptr(i), 0, address(&l.Possible), 0)
		if errno != 0 || own != 0 {
			return false
		}
		if l.Want == l.Possible {
			continue
		}
		l.Possible.Max = min(l.Possible.Max, l.Want.Max)
		l.Possible.Cur = min(l.Want.Cur, l.Possible.Max)
		if n++; n == len(m.limits) {
			break
		}
	}
	m.plan.Limits = m.limits[:n]
	return true
}

// readOOM notes init's OOM score adjustment when ours is another.
func (m *room) readOOM() bool {
	theirs, ok1 := m.readFile(m.inProc("oom_score_adj"), m.oom[0][:])
	ours, ok2 := m.readFile(m.constant("/proc/self/oom_score_adj"), m.oom[1][:])
	if !equal(theirs, ours) {
		m.plan.OOMAdj = theirs
	}
	return ok1 && ok2
}

// root is who logs in.
var root = [...]byte{'r', 'o', 'o', 't'}

// readAccount looks root up in the zone's account files, as a process inside
// would see them. Root is there in any case.
func (m *room) readAccount() bool {
	tree, ok := m.openFile(m.inProc("root/."), unix.O_DIRECTORY|unix.O_RDONLY|unix.O_NOFOLLOW)
	if !ok {
		return false
	}
	passwd, ok1 := m.accounts(tree, m.constant("etc/passwd"), m.passwd[:])
	group, ok2 := m.accounts(tree, m.constant("etc/group"), m.members[:])
	if !ok1 || !ok2 {
		return false
	}
	a, ok := account.Find(passwd, root[:])
	if !ok {
		a.Name, a.Home = root[:], ofC(m.constant("/root"))
	}
	m.account = a
	m.groups[0] = a.GID
	m.plan.Groups = account.Groups(m.groups[:1], group, a)
	m.plan.UID, m.plan.GID = uintptr(a.UID), uintptr(a.GID)
	return true
}

// inside is how a path in the zone is followed; see package beneath.
const inside = unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV

// accounts reads a file of the zone that must be a regular one. None is empty;
// all that is strange is left to the ordinary way.
func (m *room) accounts(tree int, name *byte, into []byte) ([]byte, bool) {
	m.how = unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: inside}
	probe, errno := call(unix.SYS_OPENAT2, uintptr(tree), address(name), address(&m.how), unix.SizeofOpenHow, 0)
	if errno == unix.ENOENT {
		return nil, true
	}
	if errno != 0 {
		return nil, false
	}
	m.keep(probe)
	if _, errno = call(unix.SYS_FSTAT, probe, address(&m.stat), 0, 0, 0); errno != 0 || m.stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, false
	}
	m.how.Flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	fd, errno := call(unix.SYS_OPENAT2, uintptr(tree), address(name), address(&m.how), unix.SizeofOpenHow, 0)
	if errno != 0 {
		return nil, false
	}
	return m.readAll(m.keep(fd), into)
}
