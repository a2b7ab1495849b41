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

// group is a directory with the control files of a controller group, for what
// only depends on their names.
func group(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestApply_inTheWordsOfEachVersion(t *testing.T) {
	l := Limits{CPUShares: 200, CPUCap: 150, Processes: 77, Memory: 64 << 20, Swap: 96 << 20, IOWeight: 50, CPUs: "0-1"}
	v2 := []string{"cpu.weight", "cpu.max", "pids.max", "io.weight", "cpuset.cpus", "memory.max", "memory.swap.max"}
	for name, c := range map[string]struct {
		controllers []string
		files       []string
		want        map[string]string
	}{
		"v2": {nil, v2, map[string]string{
			"cpu.weight": "200", "cpu.max": "150000 100000", "pids.max": "77", "io.weight": "50", "cpuset.cpus": "0-1",
			"memory.max": "67108864", "memory.swap.max": "33554432",
		}},
		"v2 with bfq": {
			nil, append(slices.Clone(v2[:3]), "io.bfq.weight", "cpuset.cpus", "memory.max", "memory.swap.max"),
			map[string]string{"io.bfq.weight": "50"},
		},
		"v1": {
			[]string{"cpu", "pids", "blkio", "cpuset", "memory"},
			[]string{"cpu.shares", "cpu.cfs_quota_us", "pids.max", "blkio.weight", "cpuset.cpus", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"},
			map[string]string{
				"cpu.shares": "2048", "cpu.cfs_quota_us": "150000", "pids.max": "77", "blkio.weight": "50", "cpuset.cpus": "0-1",
				"memory.limit_in_bytes": "67108864", "memory.memsw.limit_in_bytes": "100663296",
			},
		},
	} {
		dir := group(t, c.files...)
		s := &Set{groups: []hierarchy{{dir: dir, controllers: c.controllers, v2: c.controllers == nil}}}
		missing, err := s.ApplyNew(l)
		if err != nil || len(missing) > 0 {
			t.Errorf("%s: missing %v, %v", name, missing, err)
		}
		for file, want := range c.want {
			if got, err := read(dir, file); err != nil || got != want {
				t.Errorf("%s: %s has %q, %v, want %q", name, file, got, err, want)
			}
		}
	}
}

// A host with both versions has each controller in one of them.
func TestApply_onAHybridHost(t *testing.T) {
	v1, v2 := group(t, "pids.max"), group(t, "cpu.max", "memory.max")
	s := &Set{groups: []hierarchy{{dir: v1, controllers: []string{"pids"}}, {dir: v2, v2: true}}}
	missing, err := s.ApplyNew(Limits{CPUCap: 100, Processes: 5, Memory: 1 << 20, Swap: 1 << 20})
	if err != nil || !slices.Equal(missing, []string{"memory (memory.swap.max)"}) {
		t.Errorf("missing %v, %v", missing, err)
	}
	for _, c := range [][3]string{{v1, "pids.max", "5"}, {v2, "cpu.max", "100000 100000"}, {v2, "memory.max", "1048576"}} {
		if got, _ := read(c[0], c[1]); got != c[2] {
			t.Errorf("%s has %q", c[1], got)
		}
	}
	if got, want := s.Tasks(), []string{filepath.Join(v1, "tasks")}; !slices.Equal(got, want) || s.Unified() != v2 {
		t.Errorf("one joins by %v and %s", got, s.Unified())
	}
}

func TestEnable_passesOnWhatIsMissing(t *testing.T) {
	for _, c := range [][3]string{
		{"cpuset cpu io memory pids hugetlb misc", "cpuset cpu io memory pids", ""},
		{"cpu memory pids", "cpu memory", "+pids"},
		{"hugetlb rdma misc", "", ""},
		{"", "", ""},
	} {
		dir := t.TempDir()
		for file, text := range map[string]string{"cgroup.controllers": c[0], "cgroup.subtree_control": c[1]} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := enable(dir); err != nil {
			t.Fatal(err)
		}
		got, err := read(dir, "cgroup.subtree_control")
		if want := c[2] + c[1][min(len(c[2]), len(c[1])):]; err != nil || got != want {
			t.Errorf("%q with %q on: written %q, want %q", c[0], c[1], got, want)
		}
	}
	if err := enable(filepath.Join(t.TempDir(), "nosuch")); err == nil {
		t.Error("a group that is not there is fine")
	}
}

func TestOOMKills_ofEachVersion(t *testing.T) {
	v2, v1 := t.TempDir(), t.TempDir()
	for file, text := range map[string]string{
		filepath.Join(v2, "memory.events"):      "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n",
		filepath.Join(v1, "memory.oom_control"): "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for want, g := range map[int]hierarchy{2: {dir: v2, v2: true}, 5: {dir: v1, controllers: []string{"memory"}}, 0: {dir: v1, controllers: []string{"pids"}}} {
		if got := (&Set{groups: []hierarchy{g}}).OOMKills(); got != want {
			t.Errorf("%d, want %d", got, want)
		}
	}
}

func TestEmpty_sparesWhoIsThere(t *testing.T) {
	s := newSet(t, "empty")
	cmd := exec.Command("sleep", "100")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	dir := s.Dirs()[0]
	if err := write(dir, "cgroup.procs", fmt.Sprint(cmd.Process.Pid)); err != nil {
		t.Fatal(err)
	}
	if s.Empty() {
		t.Error("somebody is there")
	}
	for i, d := range s.Dirs() {
		if _, err := os.Lstat(d); (err == nil) != (i == 0) {
			t.Errorf("%s: %v", d, err)
		}
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	for range 2 { // also when they are gone
		if !s.Empty() {
			t.Error("nobody is there")
		}
	}
}
