package target

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func start(t *testing.T, argv ...string) (*Process, *os.File) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	p, err := Start(argv, nil, out, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // many tests close it themselves
		select {
		case <-p.done:
		default:
			p.Close()
		}
	})
	return p, out
}

func wait(t *testing.T, p *Process) {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the process does not end")
	}
}

func TestStart(t *testing.T) {
	for _, c := range []struct {
		argv         []string
		ended, wrote string
	}{
		{[]string{"echo", "hello"}, "has exited", "hello\n"},
		{[]string{"sh", "-c", "exit 3"}, "exited with status 3", ""},
		{[]string{"sh", "-c", "kill -TERM $$"}, "terminated by SIGTERM", ""},
	} {
		p, out := start(t, c.argv...)
		if err := p.Resume(); err != nil {
			t.Fatal(err)
		}
		wait(t, p)
		wrote, err := os.ReadFile(out.Name())
		if err != nil || string(wrote) != c.wrote {
			t.Errorf("%q wrote %q", c.argv, wrote)
		}
		if want := fmt.Sprintf("pid %d %s", p.Pid, c.ended); p.Ended() != want {
			t.Errorf("%q: %q, want %q", c.argv, p.Ended(), want)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestHeld checks that the process has its libraries and has not done anything.
func TestHeld(t *testing.T) {
	file := filepath.Join(t.TempDir(), "touched")
	p, _ := start(t, "touch", file)
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", p.Pid))
	if err != nil || !strings.Contains(string(maps), "libc") {
		t.Errorf("libraries are not there yet: %v", err)
	}
	time.Sleep(50 * time.Millisecond)
	if _, err := os.Stat(file); err == nil {
		t.Error("the process ran before it was let go")
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	wait(t, p)
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	p.Close()
}

// TestClose checks that a process that we started ends with us, held or not.
func TestClose(t *testing.T) {
	for _, resume := range []bool{false, true} {
		p, _ := start(t, "sleep", "1000")
		if resume {
			if err := p.Resume(); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Close(); err != nil {
			t.Errorf("resumed %v: %v", resume, err)
		}
		if err := unix.Kill(p.Pid, 0); err == nil {
			t.Errorf("resumed %v: the process still runs", resume)
		}
	}
}

func TestGrab(t *testing.T) {
	c := exec.Command("sleep", "1000")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p, err := Grab(c.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	q, err := Grab(c.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil { // lets it run
		t.Error(err)
	}
	select {
	case <-q.Done():
		t.Error("the process ended with its watcher")
	case <-time.After(50 * time.Millisecond):
	}
	c.Process.Kill()
	wait(t, q)
	if want := fmt.Sprintf("pid %d has exited", q.Pid); q.Ended() != want {
		t.Errorf("got %q", q.Ended())
	}
	q.Close()
	c.Wait()
}

func TestRefused(t *testing.T) {
	if _, err := Grab(1 << 22); err == nil || !strings.Contains(err.Error(), "no such process") {
		t.Errorf("got %v", err)
	}
	for _, argv := range [][]string{nil, {"no-such-command"}, {"/etc/passwd"}} {
		p, err := Start(argv, nil, nil, nil)
		if err == nil {
			p.Close()
			t.Errorf("%q was started", argv)
		}
	}
}
