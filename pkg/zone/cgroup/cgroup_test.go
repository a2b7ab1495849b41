package cgroup

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

func newSet(t *testing.T, name string) *Set {
	t.Helper()
	testenv.RequireRoot(t)
	s, err := Plan(fmt.Sprintf("smartbox-test-%d", os.Getpid()), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
		for _, d := range s.Dirs() {
			if _, err := os.Lstat(filepath.Dir(d)); err == nil {
				t.Errorf("%s is left", filepath.Dir(d))
			}
		}
	})
	if err := s.Create(os.Getuid()); err != nil {
		t.Fatal(err)
	}
	return s
}

// value reads a control file in whichever group has one of these names.
func (s *Set) value(files ...string) string {
	for _, g := range s.groups {
		for _, f := range files {
			if v, err := read(g.dir, f); err == nil {
				return v
			}
		}
	}
	return ""
}

func TestApply_setsAndLiftsLimits(t *testing.T) {
	s := newSet(t, "limits")
	missing, err := s.Apply(Limits{CPUShares: 200, CPUCap: 150, Processes: 77, Memory: 64 << 20, Swap: 128 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("missing here:", missing)
	for want, got := range map[string]string{
		"pids 77":         "pids " + s.value("pids.max"),
		"memory 67108864": "memory " + s.value("memory.max", "memory.limit_in_bytes"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := s.value("cpu.cfs_quota_us", "cpu.max"); got != "150000" && got != "150000 100000" {
		t.Errorf("cpu cap: %q", got)
	}
	if got := s.value("cpu.shares", "cpu.weight"); got != "2048" && got != "200" {
		t.Errorf("cpu shares: %q", got)
	}
	if _, err := s.Apply(Limits{Memory: 256 << 20}); err != nil {
		t.Fatal(err)
	}
	if got := s.value("pids.max"); got != "max" {
		t.Errorf("lifted pids: %q", got)
	}
	if got := s.value("memory.max", "memory.limit_in_bytes"); got != "268435456" {
		t.Errorf("raised memory: %q", got)
	}
}

func TestApply_namesWhatIsMissing(t *testing.T) {
	s := &Set{groups: []hierarchy{{dir: t.TempDir(), controllers: []string{"freezer"}}}}
	missing, err := s.Apply(Limits{Processes: 5})
	if err != nil || !slices.Equal(missing, []string{"pids (pids.max)"}) {
		t.Errorf("%v, %v", missing, err)
	}
}

func TestKillAndRemove_takeProcessesAndNestedGroups(t *testing.T) {
	s := newSet(t, "kill")
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, d := range s.Dirs() {
		below := filepath.Join(d, "made/by/the/zone")
		if filepath.Base(filepath.Dir(filepath.Dir(d))) == "cpuset" {
			below = d // needs its processors first
		}
		if err := os.MkdirAll(below, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := write(below, "cgroup.procs", fmt.Sprint(cmd.Process.Pid)); err != nil {
			t.Fatal(err)
		}
	}
	again := At(s.Dirs())
	if err := again.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("the process: %v", err)
	}
	if err := again.Remove(); err != nil {
		t.Fatal(err)
	}
	if err := again.Remove(); err != nil {
		t.Errorf("a second time: %v", err)
	}
}
