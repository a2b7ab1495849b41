package door

import (
	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone/internal/child"
)

// prepare lays out the command, its streams, its cgroups and its signals.
func (m *room) prepare() bool {
	return m.setCommand() && m.openCgroups() && m.layStreams() && m.takeSignals()
}

// setCommand is the user's login shell with the words as its command line, in
// the user's home.
func (m *room) setCommand() bool {
	shell := m.account.Shell
	if len(shell) == 0 {
		shell = ofC(m.constant("/bin/sh"))
	}
	m.setEnv(shell)
	p := &m.plan
	p.Env, p.Argv, p.Dirs, p.Paths = m.env[:], m.argv[:], m.dirs[:1], m.paths[:]
	switch {
	case !m.safe:
		m.dirs[0], m.dirs[1], p.Dirs = m.copied(m.account.Home), m.constant("/"), m.dirs[:]
		m.paths[0], m.argv[0] = m.copied(shell), m.loginName(shell)
	case m.isDirect():
		for i, word := range m.words { //nolint:staticcheck // copy of pointers asks the runtime
			m.direct[i] = word
		}
		m.dirs[0], m.paths[0], p.Argv = m.constant("/"), m.direct[0], m.direct[:len(m.words)+1]
		return !m.text.full
	default:
		m.dirs[0], m.paths[0] = m.constant("/"), m.constant("/bin/sh")
		m.argv[0] = m.paths[0]
	}
	m.argv[1], m.argv[2] = m.constant("-c"), m.line()
	return !m.text.full
}

func (m *room) setEnv(shell []byte) {
	m.env[0] = m.variable("PATH=", m.path[:len(m.path)-1])
	m.env[1] = m.variable("HOME=", m.account.Home)
	m.env[2] = m.variable("SHELL=", shell)
	m.env[3] = m.variable("USER=", m.account.Name)
	m.env[4] = m.variable("LOGNAME=", m.account.Name)
}

func (m *room) variable(name string, value []byte) *byte {
	at := m.text.begin()
	m.text.say(name)
	m.text.put(value)
	return m.text.end(at)
}

func (m *room) copied(b []byte) *byte { return m.variable("", b) }

// loginName is how a shell knows that it is a login shell.
func (m *room) loginName(shell []byte) *byte {
	for i := index(shell, '/'); i >= 0; i = index(shell, '/') {
		shell = shell[i+1:]
	}
	return m.variable("-", shell)
}

// line is the words joined by blanks.
func (m *room) line() *byte {
	at := m.text.begin()
	for i, word := range m.words {
		if i > 0 {
			m.text.say(" ")
		}
		m.text.put(ofC(word))
	}
	return m.text.end(at)
}

// maxWords is of a command without a shell, the nil at its end among them.
const maxWords = 256

// isDirect reports whether a shell would make of the words what they are.
func (m *room) isDirect() bool {
	if len(m.words) >= maxWords || *m.words[0] != '/' {
		return false
	}
	for _, word := range m.words {
		text := ofC(word)
		if len(text) == 0 {
			return false
		}
		for _, c := range text {
			plain := c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c < 0x80 && has("_-./:,+@%", c)
			if !plain {
				return false
			}
		}
	}
	return true
}

func (m *room) openCgroups() bool {
	for i := range m.cgroups {
		if uint64(i) >= m.tasks {
			break
		}
		if len(m.taskFiles[i]) == 0 {
			return false
		}
		fd, ok := m.openFile(&m.taskFiles[i][0], unix.O_WRONLY)
		if !ok {
			return false
		}
		m.cgroups[i] = m.lift(fd)
	}
	m.plan.Tasks = m.cgroups[:min(int(m.tasks), len(m.cgroups))]
	return true
}

// lift makes a copy of a descriptor above those that the child arranges, so that
// it overwrites none before using it.
func (m *room) lift(fd int) int {
	if fd > child.FdInit {
		return fd
	}
	up, errno := call(unix.SYS_FCNTL, uintptr(fd), unix.F_DUPFD_CLOEXEC, child.FdInit+1, 0, 0)
	if errno != 0 {
		return -1
	}
	return m.keep(up)
}
