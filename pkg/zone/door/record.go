package door

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

// File is the name of a Record in a zone's run directory, LockFile that of the
// lock which its zoneadmd holds there.
const (
	File     = "door"
	LockFile = "lock"
)

// Record is what there is to know of a running zone on the way in. It is written
// by the zone's zoneadmd, and as true as the state.json beside it.
type Record struct {
	BootID  string // of the host
	Init    int    // pid
	Start   uint64 // of init; field 22 of /proc/PID/stat
	UIDBase uint32
	Path    string   // the variable PATH of commands
	Group   string   // directory of a cgroup of version 2, empty for none
	Tasks   []string // files of cgroups of version 1
	Filter  []unix.SockFilter
}

// magic names the format; another version of this program may write another.
const magic = "smartbox door 1\n"

// Encode makes the file's content: numbers of 64 bits, and strings as their
// length and their bytes with a NUL, in the machine's byte order.
func (r *Record) Encode() []byte {
	b := []byte(magic)
	number := func(n uint64) { b = binary.NativeEndian.AppendUint64(b, n) }
	text := func(s string) {
		number(uint64(len(s)))
		b = append(append(b, s...), 0)
	}
	number(uint64(r.Init))
	number(r.Start)
	number(uint64(r.UIDBase))
	text(r.BootID)
	text(r.Path)
	text(r.Group)
	number(uint64(len(r.Tasks)))
	for _, file := range r.Tasks {
		text(file)
	}
	number(uint64(len(r.Filter)))
	for _, f := range r.Filter {
		number(*(*uint64)(unsafe.Pointer(&f)))
	}
	return append(b, magic...)
}

// reader takes a Record apart. What is not there reads as nothing, and makes the
// whole bad.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) bytes(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) number() (n uint64) {
	b := r.bytes(8)
	if len(b) != 8 {
		return 0
	}
	return *(*uint64)(unsafe.Pointer(&b[0]))
}

// text is a string with its NUL.
func (r *reader) text() []byte {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	b := r.bytes(n + 1)
	if len(b) == 0 || index(b, 0) != len(b)-1 {
		r.bad = true
		return nil
	}
	return b
}

func (r *reader) literal(s string) {
	if !is(r.bytes(uint64(len(s))), s) {
		r.bad = true
	}
}

// decode reads a Record into a room.
func (m *room) decode(data []byte) bool {
	r := reader{rest: data}
	r.literal(magic)
	m.init.pid, m.init.start, m.uidBase = int(r.number()), r.number(), uint32(r.number())
	m.bootID, m.path, m.group = r.text(), r.text(), r.text()
	m.tasks = r.number()
	if m.tasks > uint64(len(m.taskFiles)) {
		return false
	}
	for i := range m.taskFiles {
		if uint64(i) < m.tasks {
			m.taskFiles[i] = r.text()
		}
	}
	n := r.number()
	if n > uint64(len(m.filter)) {
		return false
	}
	for i := range m.filter {
		if uint64(i) < n {
			*(*uint64)(unsafe.Pointer(&m.filter[i])) = r.number()
		}
	}
	r.literal(magic)
	if r.bad || len(r.rest) != 0 || len(m.path) < 2 || m.init.pid <= 0 {
		return false
	}
	if m.plan.Filter.Len = uint16(n); n > 0 {
		m.plan.Filter.Filter = &m.filter[0]
	}
	return true
}
