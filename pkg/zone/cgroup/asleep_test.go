package cgroup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

// start runs a command and returns its pid.
func start(t *testing.T, words ...string) string {
	t.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return strconv.Itoa(cmd.Process.Pid)
}

// soon waits until a process is as it will be.
func soon(is func() bool) bool {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if is() {
			return true
		}
	}
	return false
}

func TestSleeps(t *testing.T) {
	if pid := start(t, "sleep", "60"); !soon(func() bool { return sleeps(pid) }) {
		t.Error("a sleep does not sleep")
	}
	pid := start(t, "sh", "-c", "while :; do :; done")
	if !soon(func() bool { return !sleeps(pid) }) {
		t.Error("a loop sleeps")
	}
	if sleeps(strconv.Itoa(os.Getpid())) {
		t.Error("this test sleeps")
	}
	if sleeps("0") {
		t.Error("a process that is not there sleeps")
	}
}

func TestAsleep(t *testing.T) {
	testenv.RequireRoot(t)
	if At(nil).Asleep() {
		t.Error("no group is asleep")
	}
	s, err := Plan("smartbox-asleep", strconv.Itoa(os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Create(0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			t.Error(err)
		}
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	if s.Asleep() {
		t.Error("an empty group is asleep")
	}
	join := func(dir, pid string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(pid), 0); err != nil {
			t.Fatal(err)
		}
	}
	join(s.Dirs()[0], start(t, "sleep", "60"))
	if !soon(s.Asleep) {
		t.Error("a group with a sleep is not asleep")
	}
	below := filepath.Join(s.Dirs()[0], "below")
	if err := os.Mkdir(below, 0o755); err != nil {
		t.Fatal(err)
	}
	join(below, start(t, "sh", "-c", "while :; do :; done"))
	if s.Asleep() {
		t.Error("one below computes")
	}
}
