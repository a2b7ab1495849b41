package zone

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
)

// crashes are operations that must survive being killed at any step: the zone
// "z" before, the operation, and what must be true after the next command.
var crashes = []struct {
	name  string
	setup func(*testing.T, *Host)
	run   func(context.Context, *Host) error
	check func(*Host, *Config) error
}{
	{
		"install", func(t *testing.T, h *Host) { mustCreate(t, h, plain("z")) },
		func(ctx context.Context, h *Host) error { return h.Install(ctx, "z", InstallOptions{}) },
		homeFitsState,
	},
	{
		"uninstall", func(t *testing.T, h *Host) { source(t, h, "z") },
		func(ctx context.Context, h *Host) error { return h.Uninstall(ctx, "z") },
		homeFitsState,
	},
	{
		"clone", func(t *testing.T, h *Host) { source(t, h, "s"); mustCreate(t, h, plain("z")) },
		func(ctx context.Context, h *Host) error { return h.Clone(ctx, "z", "s", CloneOptions{}) },
		func(h *Host, c *Config) error {
			if !h.has("zones/s/root/etc/hello") {
				return fmt.Errorf("the source was damaged")
			}
			return homeFitsState(h, c)
		},
	},
	{
		"clone -m copy", func(t *testing.T, h *Host) { source(t, h, "s"); mustCreate(t, h, plain("z")) },
		func(ctx context.Context, h *Host) error { return h.Clone(ctx, "z", "s", CloneOptions{Copy: true}) },
		homeFitsState,
	},
	{
		"move", func(t *testing.T, h *Host) { source(t, h, "z") },
		func(ctx context.Context, h *Host) error { return h.Move(ctx, "z", "/zones/new") },
		func(h *Host, c *Config) error {
			if h.has("zones/z") == h.has("zones/new") || !h.has(c.Path+"/root/etc/hello") || c.State != Installed {
				return fmt.Errorf("at %s, old place %t, new place %t", c.Path, h.has("zones/z"), h.has("zones/new"))
			}
			return nil
		},
	},
	{
		"detach", func(t *testing.T, h *Host) { source(t, h, "z") },
		func(ctx context.Context, h *Host) error { return h.Detach(ctx, "z") },
		func(h *Host, c *Config) error {
			if !h.has("zones/z/root/etc/hello") {
				return fmt.Errorf("the files are gone")
			}
			return nil
		},
	},
	{
		"edit", func(t *testing.T, h *Host) { mustCreate(t, h, plain("z")) },
		func(ctx context.Context, h *Host) error {
			return h.Edit(ctx, "z", func(c *Config) error { c.Autoboot = true; return nil })
		},
		homeFitsState,
	},
}

func homeFitsState(h *Host, c *Config) error {
	if h.has("zones/z") != (c.State == Installed) {
		return fmt.Errorf("zone is %s, its files exist: %t", c.State, h.has("zones/z"))
	}
	return nil
}

// TestCrashed is no test: it is the process that TestCrash kills.
func TestCrashed(t *testing.T) {
	var which, step int
	if _, err := fmt.Sscan(os.Getenv("CRASH"), &which, &step); err != nil {
		t.Skip("only TestCrash runs this, in a process of its own")
	}
	h := New(paths.Root(os.Getenv("CRASH_ROOT")), slog.New(slog.DiscardHandler))
	h.onStep = func(string) {
		if step--; step == 0 {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	if err := crashes[which].run(t.Context(), h); err != nil {
		t.Fatal(err)
	}
}

// Whatever step an operation is killed at, the next command finds the zone
// whole, before or after, and the operation can be repeated.
func TestCrash(t *testing.T) {
	testenv.RequireRoot(t)
	for which, c := range crashes {
		t.Run(c.name, func(t *testing.T) {
			for step := 1; ; step++ {
				h := testHost(t)
				c.setup(t, h)
				killed := crashAt(t, h, which, step)
				survives(t, h, which, step)
				if !killed {
					t.Logf("killed at %d steps", step-1)
					return
				}
			}
		})
	}
}

// crashAt runs an operation in another process and kills it at a step; false
// when it ended before.
func crashAt(t *testing.T, h *Host, which, step int) bool {
	t.Helper()
	return crash(t, crashing(t, h, which, step))
}

// crashAfter kills it after some time.
func crashAfter(t *testing.T, h *Host, which int, d time.Duration) bool {
	t.Helper()
	cmd := crashing(t, h, which, 0)
	timer := time.AfterFunc(d, func() { cmd.Process.Kill() })
	defer timer.Stop()
	return crash(t, cmd)
}

// crashing starts an operation in another process, which kills itself at a
// step (0: never).
func crashing(t *testing.T, h *Host, which, step int) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestCrashed$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("CRASH=%d %d", which, step), "CRASH_ROOT="+string(h.root))
	cmd.Stdout = new(bytes.Buffer)
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// crash waits for it and reports whether it was killed.
func crash(t *testing.T, cmd *exec.Cmd) bool {
	t.Helper()
	err := cmd.Wait()
	if err == nil {
		return false
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("%v\n%s", err, cmd.Stdout)
	}
	return true
}

func survives(t *testing.T, h *Host, which, step int) {
	t.Helper()
	list, err := h.List()
	if err != nil || len(list) == 0 {
		t.Fatalf("step %d: list right after the crash: %v", step, err)
	}
	_, release, err := h.Hold(t.Context(), "z") // what every command does first
	if err != nil {
		t.Fatalf("step %d: %v", step, err)
	}
	h.sweepWrites("z")
	release()
	c, err := h.Load("z")
	if err != nil || c.State == Incomplete || c.Transition != nil {
		t.Fatalf("step %d: after recovery: %+v, %v", step, c, err)
	}
	if err := crashes[which].check(h, c); err != nil {
		t.Fatalf("step %d: %v", step, err)
	}
	if left, _ := filepath.Glob(filepath.Join(h.root.Zones(), ".*.tmp*")); len(left) > 0 {
		t.Errorf("step %d: left %s", step, strings.Join(left, ", "))
	}
	err = crashes[which].run(t.Context(), h)
	if _, done := errors.AsType[*StateError](err); err != nil && !done && crashes[which].name != "move" {
		t.Errorf("step %d: repeated: %v", step, err)
	}
}

func TestSweep(t *testing.T) {
	testenv.RequireRoot(t)
	h := testHost(t)
	mustCreate(t, h, plain("z"))
	if !crashAt(t, h, 0, 3) {
		t.Fatal("the install ended before its third step")
	}
	if err := os.WriteFile(filepath.Join(h.root.Zones(), ".z.json.tmp123"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := h.Load("z"); err != nil || c.State != Incomplete {
		t.Fatalf("%+v, %v", c, err)
	}
	if err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := h.Load("z")
	if err != nil || c.State != Configured || h.has("zones/z") || h.has("etc/zones/.z.json.tmp123") {
		t.Errorf("%+v, %v", c, err)
	}
}
