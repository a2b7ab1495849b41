package sym

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

func TestPerfMap(t *testing.T) {
	m := parsePerfMap("1000 10 old\n0x2000 0x20 Java method, with blanks\n1000 10 new\nzz 1 bad\n3000 0 none\n4000\n")
	for addr, want := range map[uint64]string{0x1000: "new", 0x100f: "new", 0x1010: "", 0x2001: "Java method, with blanks", 0x3000: ""} {
		if s, _ := m.find(addr); s.name != want {
			t.Errorf("%x is %q, want %q", addr, s.name, want)
		}
	}
}

func FuzzPerfMap(f *testing.F) {
	f.Add("1000 10 name\n", uint64(0x1000))
	f.Fuzz(func(t *testing.T, text string, addr uint64) {
		if s, ok := parsePerfMap(text).find(addr); ok && (addr < s.addr || addr-s.addr >= s.size) {
			t.Errorf("%x was found in %+v", addr, s)
		}
	})
}

// TestCompiled reads the file of a process, and not where a link in its place
// leads.
func TestCompiled(t *testing.T) {
	testenv.RequireRoot(t)
	c := exec.Command("sleep", "100")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		c.Process.Kill()
		c.Wait()
	}()
	name := fmt.Sprintf("/tmp/perf-%d.map", c.Process.Pid)
	if err := os.WriteFile(name, []byte("123450 10 jitted\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(name)
	u := &User{}
	if n := u.Lookup(c.Process.Pid, 0x123458); n.Symbol != "jitted" || n.Offset != 8 || !strings.HasPrefix(n.Module, "perf-") {
		t.Errorf("got %+v", n)
	}
	if n := u.Lookup(c.Process.Pid, 0x99); n.Symbol != "" {
		t.Errorf("got %+v", n)
	}
}

// TestRemember names addresses of a process that has ended.
func TestRemember(t *testing.T) {
	testenv.RequireRoot(t)
	c := exec.Command("sleep", "100")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	// Its loader is not done when Start returns.
	objects, err := Objects(c.Process.Pid)
	for end := time.Now().Add(10 * time.Second); err == nil && len(objects) < 2 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
		objects, err = Objects(c.Process.Pid)
	}
	u := &User{}
	u.Remember(c.Process.Pid)
	if err != nil || len(objects) < 2 || !objects[0].Main && !objects[1].Main {
		t.Errorf("objects: %+v, %v", objects, err)
	}
	c.Process.Kill()
	c.Wait()
	from := u.processes[c.Process.Pid][0].from
	if n := u.Lookup(c.Process.Pid, from+1); n.Module == "" {
		t.Errorf("got %+v", n)
	}
	if err := u.Close(); err != nil {
		t.Error(err)
	}
}

func TestNamed(t *testing.T) {
	o := Object{Name: "libc.so.6"}
	for pattern, want := range map[string]bool{"libc": true, "libc.so": true, "libc.so.6": true, "lib": false, "a.out": false, "libc.": false} {
		if got := o.Named(func(s string) bool { return s == pattern }); got != want {
			t.Errorf("%s: %v", pattern, got)
		}
	}
	o.Main = true
	if !o.Named(func(s string) bool { return s == "a.out" }) {
		t.Error("the program is not a.out")
	}
}
