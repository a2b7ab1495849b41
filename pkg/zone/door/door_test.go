package door

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/seccomp"
)

func sample() *Record {
	return &Record{
		BootID: "0f0f", Init: 4711, Start: 1 << 40, UIDBase: 1 << 31, Path: "/bin:/usr/bin",
		Group: "/sys/fs/cgroup/unified/z", Tasks: []string{"/sys/fs/cgroup/cpu/z/tasks", "/sys/fs/cgroup/pids/z/tasks"},
		Filter: seccomp.Filter(),
	}
}

func TestRecord(t *testing.T) {
	r, m := sample(), new(room)
	if !m.decode(r.Encode()) {
		t.Fatal("refused")
	}
	if m.init != (process{4711, 1 << 40}) || m.uidBase != 1<<31 || m.tasks != 2 {
		t.Errorf("%+v, uid base %d, %d tasks files", m.init, m.uidBase, m.tasks)
	}
	for _, c := range []struct {
		got  []byte
		want string
	}{{m.bootID, r.BootID}, {m.path, r.Path}, {m.group, r.Group}, {m.taskFiles[0], r.Tasks[0]}, {m.taskFiles[1], r.Tasks[1]}} {
		if string(c.got) != c.want+"\x00" {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	if int(m.plan.Filter.Len) != len(r.Filter) || m.plan.Filter.Filter != &m.filter[0] {
		t.Errorf("a filter of %d instructions, want %d", m.plan.Filter.Len, len(r.Filter))
	}
	for i, f := range r.Filter {
		if m.filter[i] != f {
			t.Errorf("instruction %d is %v, want %v", i, m.filter[i], f)
		}
	}
}

func TestRecord_refusesAllButItself(t *testing.T) {
	good := sample().Encode()
	for n := range good {
		if new(room).decode(good[:n]) {
			t.Errorf("the first %d of %d bytes pass", n, len(good))
		}
	}
	if new(room).decode(append(bytes.Clone(good), 0)) {
		t.Error("a byte more passes")
	}
	for what, change := range map[string]func(*Record){
		"too many tasks files":       func(r *Record) { r.Tasks = make([]string, maxTasks+1) },
		"too long a filter":          func(r *Record) { r.Filter = make([]unix.SockFilter, 1025) },
		"no search path":             func(r *Record) { r.Path = "" },
		"a NUL in the search path":   func(r *Record) { r.Path = "/bin\x00/usr" },
		"an init that is no process": func(r *Record) { r.Init = 0 },
		"one below":                  func(r *Record) { r.Init = -1 },
	} {
		r := sample()
		change(r)
		if new(room).decode(r.Encode()) {
			t.Errorf("%s passes", what)
		}
	}
}

// Whatever lies in the file, decode neither panics nor keeps what it lacks.
func FuzzRecord(f *testing.F) {
	f.Add(sample().Encode())
	f.Add([]byte(magic))
	f.Add(binary.NativeEndian.AppendUint64([]byte(magic+strings.Repeat("\x01", 24)), 1<<63))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := new(room)
		if !m.decode(data) {
			return
		}
		texts := append([][]byte{m.bootID, m.path, m.group}, m.taskFiles[:m.tasks]...)
		for _, s := range texts {
			if len(s) == 0 || bytes.IndexByte(s, 0) != len(s)-1 {
				t.Errorf("%q is no C string", s)
			}
		}
	})
}

// The names of commands are anybody's to choose.
func TestStartTime(t *testing.T) {
	pid := os.Getpid()
	for _, name := range []string{"plain", "a b", ") R 1 2", "(((", ") ) )", ""} {
		if err := os.WriteFile("/proc/self/comm", []byte(name), 0); err != nil {
			t.Fatal(err)
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		want, err := host.StartTime(pid)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := startTime(stat); !ok || got != want {
			t.Errorf("%q: %d, want %d", name, got, want)
		}
	}
	for _, stat := range []string{"", ")", "1 (x) R", "1 (x) R " + strings.Repeat("1 ", 17), strings.Repeat(" ", 100)} {
		if got, ok := startTime([]byte(stat)); ok {
			t.Errorf("%q: %d", stat, got)
		}
	}
}

func TestField(t *testing.T) {
	text := []byte("Name:\tCapBnd:\t1\nCapBnd:\t000001ffffffffff\nNoNewPrivs:\t1")
	if got, ok := field(text, "\nCapBnd:\t"); !ok || string(got) != "000001ffffffffff" {
		t.Errorf("%q, %v", got, ok)
	}
	for _, key := range []string{"\nNoNewPrivs:\t", "\nNone:\t", "\nName:\t"} {
		if got, ok := field(text, key); ok {
			t.Errorf("%q: %q", key, got)
		}
	}
}

func TestUnsigned(t *testing.T) {
	for _, c := range []struct {
		text string
		base uint64
		want uint64
		ok   bool
	}{
		{"0", 10, 0, true},
		{"18446744073709551615", 10, 1<<64 - 1, true},
		{"1f", 16, 31, true},
		{"1f", 10, 0, false},
		{"", 10, 0, false},
		{"-1", 10, 0, false},
		{" 1", 10, 0, false},
		{"F", 16, 0, false},
		{"g", 16, 0, false},
	} {
		if got, ok := unsigned([]byte(c.text), c.base); got != c.want || ok != c.ok {
			t.Errorf("%q: %d, %v", c.text, got, ok)
		}
	}
}

// What the short way takes for a name is one.
func FuzzIsName(f *testing.F) {
	for _, s := range []string{"web", "global", "", "-x", "a/b", "..", "SUNWx", "1dfde7a5-da4f-4642-b0ca-075fbb6998c9", strings.Repeat("a", 64)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if isName([]byte(s)) && zone.CheckName(s) != nil && !strings.HasPrefix(s, "SUNW") {
			t.Errorf("%q: %v", s, zone.CheckName(s))
		}
	})
}

func TestArena(t *testing.T) {
	a := new(arena)
	at := a.begin()
	a.say("/proc/")
	a.decimal(1<<64 - 1)
	a.put([]byte("/x"))
	if got := ofC(a.end(at)); string(got) != "/proc/18446744073709551615/x" {
		t.Errorf("%q", got)
	}
	a.put(make([]byte, len(a.bytes)-a.used))
	if a.full {
		t.Error("full too early")
	}
	a.end(a.begin())
	if !a.full {
		t.Error("there is room for a NUL beyond the end")
	}
	b := new(arena)
	b.say(strings.Repeat("x", len(b.bytes)+1))
	if !b.full || b.used != 0 {
		t.Errorf("full %v, %d bytes used", b.full, b.used)
	}
}

func TestIsDirect(t *testing.T) {
	for line, want := range map[string]bool{
		"/bin/echo a B 9 _-./:,+@%": true, "/bin/echo": true,
		"echo": false, "/bin/echo *": false, "/bin/echo $HOME": false, "/bin/echo é": false, "/bin/echo a;b": false, "/bin/echo ~": false, "/bin/x=y": false,
	} {
		m := new(room)
		for word := range strings.SplitSeq(line, " ") {
			b := append([]byte(word), 0)
			m.words = append(m.words, &b[0])
		}
		if got := m.isDirect(); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}
