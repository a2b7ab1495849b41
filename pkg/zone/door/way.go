package door

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Enter is called by the program's entry (see cmd/early) with what execve(2) left on the stack:
// the count of arguments, the arguments, nil, the environment, nil. It does not
// return when a command ran; when it returns nothing has happened.
func Enter(start *uintptr) {
	m := &here
	if m.understand(start) && m.look() && m.judge() && m.know() && m.prepare() && m.start() {
		m.relay()
	}
	m.leave()
}

// understand takes the arguments apart: options that it knows, a zone's name and
// the words of a command.
func (m *room) understand(start *uintptr) bool {
	argc := int(*start)
	if argc < 3 || argc > 4096 {
		return false
	}
	m.words = unsafe.Slice((**byte)(unsafe.Add(unsafe.Pointer(start), unsafe.Sizeof(*start))), argc)[1:]
	for len(m.words) > 2 && m.option(ofC(m.words[0])) {
		m.words = m.words[1:]
	}
	if len(m.words) < 2 {
		return false
	}
	m.name, m.words = ofC(m.words[0]), m.words[1:]
	if !isName(m.name) {
		return false
	}
	const root = "SMARTBOX_ROOT="
	at := unsafe.Add(unsafe.Pointer(start), (uintptr(argc)+2)*unsafe.Sizeof(*start))
	for v := *(**byte)(at); v != nil; v = *(**byte)(at) {
		if text := ofC(v); len(text) >= len(root) && is(text[:len(root)], root) {
			m.root = text[len(root):]
		}
		at = unsafe.Add(at, unsafe.Sizeof(*start))
	}
	// Other roots than plain absolute paths are tidied up by the ordinary way.
	return len(m.root) == 0 || m.root[0] == '/' && find(m.root, "/.") < 0
}

func (m *room) option(word []byte) bool {
	switch {
	case is(word, "-S"):
		m.safe = true
	case is(word, "-n"):
		m.noInput = true
	case !is(word, "-Q"): // there is nothing to be quiet about
		return false
	}
	return true
}

// isName reports whether a word is the name of a zone for sure.
func isName(s []byte) bool {
	if len(s) == 0 || len(s) > 63 || is(s, "global") {
		return false
	}
	for i, c := range s {
		letter := c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '-' && c != '_' && c != '.') {
			return false
		}
	}
	return true
}

// look makes sure that we are who the ordinary way would be, and reads the
// zone's record.
func (m *room) look() bool {
	for fd := range uintptr(3) { // the Go runtime opens those that are not there
		if _, errno := call(unix.SYS_FCNTL, fd, unix.F_GETFD, 0, 0, 0); errno != 0 {
			return false
		}
	}
	if id, _ := call(unix.SYS_GETEUID, 0, 0, 0, 0, 0); id != 0 {
		return false
	}
	data, ok := m.readFile(m.inRunDir(File), m.record[:])
	return ok && m.decode(data)
}

// inRunDir is the path of one of the zone's files.
func (m *room) inRunDir(file string) *byte {
	t := &m.text
	at := t.begin()
	t.put(m.root)
	t.say("/run/smartbox/zones/")
	t.put(m.name)
	t.say("/")
	t.say(file)
	return t.end(at)
}

// inProc is the path of a file of the zone's init.
func (m *room) inProc(file string) *byte {
	t := &m.text
	at := t.begin()
	t.say("/proc/")
	t.decimal(uint64(m.init.pid))
	t.say("/")
	t.say(file)
	return t.end(at)
}

func (m *room) constant(s string) *byte {
	at := m.text.begin()
	m.text.say(s)
	return m.text.end(at)
}

// judge believes the record when it is of this boot of the host, the zoneadmd
// that wrote it lives, and so does init.
func (m *room) judge() bool {
	boot, ok := m.readFile(m.constant("/proc/sys/kernel/random/boot_id"), m.file[:])
	if !ok || len(boot) == 0 || len(m.bootID) < 2 {
		return false
	}
	if !equal(boot[:len(boot)-1], m.bootID[:len(m.bootID)-1]) {
		return false
	}
	lock, ok := m.openFile(m.inRunDir(LockFile), unix.O_RDONLY|unix.O_NOFOLLOW)
	if !ok {
		return false
	}
	m.lock = unix.Flock_t{Type: unix.F_RDLCK}
	_, errno := call(unix.SYS_FCNTL, uintptr(lock), unix.F_OFD_GETLK, address(&m.lock), 0, 0)
	if errno != 0 || m.lock.Type == unix.F_UNLCK {
		return false
	}
	fd, errno := call(unix.SYS_PIDFD_OPEN, uintptr(m.init.pid), 0, 0, 0, 0)
	if errno != 0 {
		return false
	}
	m.initfd = m.keep(fd)
	stat, ok := m.readFile(m.inProc("stat"), m.file[:])
	if !ok {
		return false
	}
	began, ok := startTime(stat)
	return ok && began == m.init.start
}

// startTime is field 22 of /proc/PID/stat. The second, the command's name in
// parentheses, may hold anything.
func startTime(stat []byte) (uint64, bool) {
	at := -1
	for i, c := range stat {
		if c == ')' {
			at = i
		}
	}
	field := 1
	for begin := at + 1; begin < len(stat); begin++ {
		if stat[begin] != ' ' {
			continue
		}
		if field++; field == 22-1 {
			rest := stat[begin+1:]
			end := index(rest, ' ')
			return unsigned(rest[:max(end, 0)], 10)
		}
	}
	return 0, false
}

func equal(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
