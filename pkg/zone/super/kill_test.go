package super_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// kills is how often each process is killed: SMARTBOX_TEST_KILLS, or a few
// times.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("SMARTBOX_TEST_KILLS")); err == nil {
		return n
	}
	return 20
}

// operate is a command of these tests: it boots, reboots or halts a zone.
func operate() int {
	h := zone.New(paths.Root(os.Getenv("SMARTBOX_ROOT")), slog.New(slog.DiscardHandler))
	ctx, name := context.Background(), os.Args[2]
	var err error
	switch os.Args[1] {
	case "boot":
		err = h.Boot(ctx, name, zone.BootOptions{})
	case "reboot":
		err = h.Reboot(ctx, name, zone.BootOptions{})
	case "halt":
		err = h.Halt(ctx, name)
	}
	if err != nil {
		return 1
	}
	return 0
}

// command starts operate in a process of its own.
func (w *world) command(verb, name string) *exec.Cmd {
	w.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Args = []string{"operate", verb, name}
	cmd.Env = append(os.Environ(), "SMARTBOX_ROOT="+string(w.root))
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	return cmd
}

// recovers boots and halts the zone, whatever has become of it.
func (w *world) recovers(name string) {
	w.t.Helper()
	// An operation that outlived its command may still hold on.
	w.eventually("a state to rest in", func() bool {
		s := w.state(name)
		return s.State == zone.Installed || s.State == zone.Running
	})
	// A reboot that outlived its command may take the zone down just now.
	w.eventually("the zone to boot", func() bool {
		err := w.Boot(w.t.Context(), name, zone.BootOptions{})
		state, ok := errors.AsType[*zone.StateError](err)
		if err != nil && !ok {
			w.t.Fatalf("boot: %v", err)
		}
		return err == nil || state.State == zone.Running
	})
	if err := w.Halt(w.t.Context(), name); err != nil {
		w.t.Fatalf("halt: %v", err)
	}
	w.clean(name)
}

func TestKill_commandAtAnyPoint(t *testing.T) {
	w := newWorld(t)
	w.add("k", "exec busybox sleep 1000")
	for i := range kills() {
		verb := "boot"
		if i%3 > 0 {
			w.boot("k")
			verb = []string{"halt", "reboot"}[i%3-1]
		}
		cmd := w.command(verb, "k")
		time.Sleep(rand.N(150 * time.Millisecond))
		cmd.Process.Kill()
		cmd.Wait()
		w.recovers("k")
	}
}

// A reboot goes on when its command is killed, and a halt comes at any moment of
// it.
func TestKill_rebootThenHalt(t *testing.T) {
	w := newWorld(t)
	w.add("k", "exec busybox sleep 1000")
	for range kills() {
		w.boot("k")
		cmd := w.command("reboot", "k")
		time.Sleep(rand.N(120 * time.Millisecond))
		cmd.Process.Kill()
		cmd.Wait()
		w.eventually("the halt", func() bool {
			err := w.Halt(t.Context(), "k")
			if err != nil && !errors.Is(err, zone.ErrBusy) {
				t.Fatal(err)
			}
			return err == nil
		})
		if got := w.state("k").State; got != zone.Installed {
			t.Fatalf("the zone is %s after a halt", got)
		}
		w.clean("k")
	}
}

func TestKill_zoneadmdAtAnyPoint(t *testing.T) {
	w := newWorld(t)
	links := w.stub()
	w.add("k", "exec busybox sleep 1000", nic("10.99.0.1"))
	for i := range kills() {
		verb := "boot"
		if i%3 > 0 {
			w.boot("k")
			verb = []string{"halt", "reboot"}[i%3-1]
		}
		cmd := w.command(verb, "k")
		time.Sleep(rand.N(150 * time.Millisecond))
		if pid := w.zoneadmd("k"); pid != 0 {
			p, err := os.FindProcess(pid)
			if err == nil {
				p.Kill()
			}
		}
		cmd.Wait()
		w.recovers("k")
		if n := zoneLinks(t, links); n != 0 {
			t.Fatalf("%d links are left", n)
		}
	}
}

// zoneadmd is the pid of the zone's supervisor, 0 when there is none: it may
// have to be found before it has said its name in state.json.
func (w *world) zoneadmd(name string) int {
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, file := range lines {
		line, _ := os.ReadFile(file) // it may end meanwhile
		if !strings.HasPrefix(string(line), "zoneadmd\x00-z\x00"+name+"\x00") {
			continue
		}
		env, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "environ"))
		if strings.Contains(string(env), "SMARTBOX_ROOT="+string(w.root)+"\x00") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			return pid
		}
	}
	return 0
}
