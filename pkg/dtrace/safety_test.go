package dtrace

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

// programs are the ids of the kernel's programs that bear our names.
func programs(t *testing.T) map[ebpf.ProgramID]bool {
	t.Helper()
	all := map[ebpf.ProgramID]bool{}
	id := ebpf.ProgramID(0)
	for {
		next, err := ebpf.ProgramGetNextID(id)
		if err != nil {
			return all
		}
		id = next
		p, err := ebpf.NewProgramFromID(id)
		if err != nil {
			continue // gone meanwhile
		}
		if info, err := p.Info(); err == nil && strings.HasPrefix(info.Name, "dt_") {
			all[id] = true
		}
		p.Close()
	}
}

// TestKilled checks that nothing of a run is left in the kernel when the tracer
// is killed.
func TestKilled(t *testing.T) {
	testenv.RequireRoot(t)
	if marker := os.Getenv("DTRACE_TEST_VICTIM"); marker != "" {
		victim(t, marker)
		return
	}
	before := programs(t)
	marker := t.TempDir() + "/runs"
	c := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	c.Env = append(os.Environ(), "DTRACE_TEST_VICTIM="+marker)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for range 300 {
		if _, err := os.Stat(marker); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	during := 0
	for id := range programs(t) {
		if !before[id] {
			during++
		}
	}
	if during < 4 {
		t.Errorf("only %d programs of the tracer were seen", during)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	left := 0
	for range 100 { // the kernel frees them after a grace period; other tests may run
		left = 0
		for id := range programs(t) {
			if !before[id] {
				left++
			}
		}
		if left == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%d programs are left", left)
}

// victim traces by all kinds of probes until it is killed.
func victim(t *testing.T, marker string) {
	text := `syscall:::entry { @ = count() } profile-97 { @b = count() } sched:::on-cpu { @c = count() }
sdt:sched::sched_switch { @d = count() }`
	u, err := compile(t, text)
	if err != nil {
		t.Fatal(err)
	}
	set := NewSettings()
	var out bytes.Buffer
	s, err := Open(u.Program, u.DB, Options{Settings: set, Out: &out, Err: &out})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := os.WriteFile(marker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	s.Run(ctx)
}

// TestDetach checks how long a run with all system calls takes to let go.
func TestDetach(t *testing.T) {
	testenv.RequireRoot(t)
	u, err := compile(t, "syscall:::entry, syscall:::return { @[probefunc] = count() } BEGIN { exit(0) }")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s, err := Open(u.Program, u.DB, Options{Settings: NewSettings(), Out: &out, Err: &out})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(began); d > 2*time.Second { // 0.5 s is the aim; the host may be busy
		t.Errorf("took %v", d)
	} else {
		t.Logf("took %v", d)
	}
}

// TestLongStrings has slots so large that all of a CPU's do not fit into one
// value of a map, at points with a slot of their own and at others.
func TestLongStrings(t *testing.T) {
	testenv.RequireRoot(t)
	set := NewSettings()
	if err := set.Set("strsize", "2000"); err != nil {
		t.Fatal(err)
	}
	u, err := compile(t, `BEGIN { x = strjoin(execname, "-begin"); printf("%s", x) }
syscall:::entry { y = strjoin(execname, "y") } sched:::on-cpu { z = strjoin(execname, "z") }
profile-97 { w = strjoin(execname, "w") } tick-10 /y != "" && z != ""/ { exit(0) }`)
	if err != nil {
		t.Fatal(err)
	}
	set.Quiet = true
	var out, errs bytes.Buffer
	s, err := Open(u.Program, u.DB, Options{Settings: set, Out: &out, Err: &errs})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if _, err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if ctx.Err() != nil || !strings.HasSuffix(strings.TrimSpace(out.String()), "-begin") || errs.Len() > 0 {
		t.Errorf("got %q and %q, %v", out.String(), errs.String(), ctx.Err())
	}
}
