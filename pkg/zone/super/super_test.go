package super_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/super"
)

// TestMain lets this test binary be a zoneadmd.
func TestMain(m *testing.M) {
	switch name := filepath.Base(os.Args[0]); {
	case name == "zoneadmd":
		os.Exit(zoneadmd())
	case name == "operate":
		os.Exit(operate())
	case name == "zonename":
		os.Exit(probe())
	case !strings.HasSuffix(name, ".test"): // a tool below /native
		os.Exit(askMetadata())
	}
	os.Exit(m.Run())
}

// askMetadata is the mdata-get of these tests, inside a zone.
func askMetadata() int {
	c, err := net.Dial("unix", "/native/.zonecontrol/metadata.sock")
	if err != nil {
		return 97
	}
	defer c.Close()
	fmt.Fprint(c, "hello")
	if _, err := io.Copy(os.Stdout, c); err != nil {
		return 98
	}
	return 0
}

// A zoneadmd sleeps on the main thread alone.
func init() {
	if filepath.Base(os.Args[0]) == "zoneadmd" {
		runtime.LockOSThread()
	}
}

func zoneadmd() int {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	echo := func(_ context.Context, c net.Conn) { // what came, and an end
		defer c.Close()
		io.CopyN(c, c, 5)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := super.Run(ctx, paths.Root(os.Getenv("SMARTBOX_ROOT")), log,
		zone.Supervisor{Zone: os.Args[2], Metadata: echo, Note: os.Getenv(super.NoteVariable)})
	if err != nil {
		return 1
	}
	return 0
}

// world is a root of its own with zones that are made of busybox alone.
type world struct {
	*zone.Host
	t    testing.TB
	root paths.Root
}

func newWorld(t testing.TB) *world {
	t.Helper()
	testenv.RequireRoot(t)
	testenv.RequireCommand(t, "busybox")
	root := testenv.Root(t)
	w := &world{Host: zone.New(root, slog.New(slog.NewTextHandler(t.Output(), nil))), t: t, root: root}
	return w
}

// add makes an installed zone whose init is a busybox shell running script.
func (w *world) add(name, script string, change ...func(*zone.Config)) *zone.Config {
	w.t.Helper()
	c := &zone.Config{
		Name: name, Path: "/zones/" + name, Brand: "lx", IPType: zone.Exclusive, State: zone.Installed,
		Attrs: []zone.Attr{{Name: "init-name", Type: "string", Value: "/init"}, {Name: "restart-init", Type: "boolean", Value: "false"}},
	}
	for _, f := range change {
		f(c)
	}
	dir := filepath.Join(w.root.Join(c.Path), "root")
	for _, d := range []string{"bin", "etc", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			w.t.Fatal(err)
		}
	}
	box, err := exec.LookPath("busybox")
	if err != nil {
		w.t.Fatal(err)
	}
	data, err := os.ReadFile(box)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(name, "bin/busybox", string(data), 0o755)
	w.write(name, "init", "#!/bin/busybox sh\nexport PATH=/bin\n"+script+"\n", 0o755)
	if err := w.Create(w.t.Context(), c); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { w.down(name) })
	return c
}

func (w *world) rootDir(name string) string { return filepath.Join(w.root.Join("zones", name), "root") }

func (w *world) write(name, file, text string, mode os.FileMode) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.rootDir(name), file), []byte(text), mode); err != nil {
		w.t.Fatal(err)
	}
}

// down halts a zone and finds nothing left of it.
func (w *world) down(name string) {
	w.t.Helper()
	if err := w.Halt(context.Background(), name); err != nil {
		w.t.Errorf("halt: %v", err)
	}
	w.clean(name)
}

func (w *world) clean(name string) {
	w.t.Helper()
	left, err := filepath.Glob("/sys/fs/cgroup/*/" + w.root.KernelName("smartbox") + "/zone-" + name)
	if err != nil || len(left) > 0 {
		w.t.Errorf("control groups are left: %v %v", left, err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), string(w.root)) {
		w.t.Errorf("mounts are left: %v", err)
	}
	files, err := os.ReadDir(w.RunDir(name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Error(err)
	}
	for _, f := range files {
		if f.Name() != "lock" && f.Name() != "exit.json" {
			w.t.Errorf("the run directory has %s", f.Name())
		}
	}
}

func (w *world) state(name string) zone.Status {
	w.t.Helper()
	s, err := w.Status(name)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) boot(name string) zone.Status {
	w.t.Helper()
	if err := w.Boot(w.t.Context(), name, zone.BootOptions{}); err != nil {
		log, _ := os.ReadFile(w.LogFile(name))
		w.t.Fatalf("boot: %v\n%s", err, log)
	}
	return w.state(name)
}

// eventually waits for a condition that another process brings about.
func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	w.t.Fatalf("%s: not within 10 seconds", what)
}

func TestBoot_runsUntilHalt(t *testing.T) {
	w := newWorld(t)
	w.add("a", "exec busybox sleep 1000")
	s := w.boot("a")
	if s.State != zone.Running || s.Run.ID != 1 || s.Run.Init.Pid == 0 {
		t.Errorf("after boot: %+v", s)
	}
	err := w.Boot(t.Context(), "a", zone.BootOptions{})
	if state, ok := errors.AsType[*zone.StateError](err); !ok || state.State != zone.Running {
		t.Errorf("second boot: %v", err)
	}
	if err := w.Halt(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if s := w.state("a"); s.State != zone.Installed || s.LastEnd == nil {
		t.Errorf("after halt: %+v", s)
	}
	w.clean("a")
}

func TestBoot_tellsWhatFailed(t *testing.T) {
	w := newWorld(t)
	w.add("a", "")
	os.Remove(filepath.Join(w.rootDir("a"), "init"))
	err := w.Boot(t.Context(), "a", zone.BootOptions{})
	if err == nil || !strings.Contains(err.Error(), "run /init: no such file or directory") {
		t.Errorf("error %v", err)
	}
	if s := w.state("a"); s.State != zone.Installed {
		t.Errorf("state %v", s.State)
	}
	w.clean("a")
}

func TestReady_thenBoot(t *testing.T) {
	w := newWorld(t)
	w.add("a", "exec busybox sleep 1000")
	if err := w.Ready(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if s := w.state("a"); s.State != zone.Ready || s.Run.Init.Pid != 0 {
		t.Errorf("ready: %+v", s)
	}
	if s := w.boot("a"); s.State != zone.Running || s.Run.ID != 1 {
		t.Errorf("booted: %+v", s)
	}
}

func TestReboot_givesANewZoneID(t *testing.T) {
	w := newWorld(t)
	w.add("a", "exec busybox sleep 1000")
	before := w.boot("a")
	if err := w.Reboot(t.Context(), "a", zone.BootOptions{}); err != nil {
		t.Fatal(err)
	}
	after := w.state("a")
	if after.State != zone.Running || after.Run.ID == before.Run.ID {
		t.Errorf("after reboot: %+v", after.Run)
	}
}

func TestInit_rebootsAndHaltsTheZone(t *testing.T) {
	w := newWorld(t)
	w.add("a", `if [ -e /again ]; then while [ ! -e /end ]; do busybox sleep 0.05; done; busybox poweroff -f; fi
>/again; busybox reboot -f`)
	w.boot("a")
	w.eventually("a second boot", func() bool { s := w.state("a"); return s.Run != nil && s.Run.ID == 2 && s.State == zone.Running })
	w.write("a", "end", "", 0o644)
	w.eventually("the zone's end", func() bool { return w.state("a").State == zone.Installed })
	w.clean("a")
}

func TestCleanup_afterZoneadmdWasKilled(t *testing.T) {
	w := newWorld(t)
	w.add("a", "exec busybox sleep 1000")
	s := w.boot("a")
	p, err := os.FindProcess(s.Run.Supervisor.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	w.eventually("the zone's end", func() bool { return w.state("a").State == zone.Installed })
	if after := w.boot("a"); after.State != zone.Running || after.Run.ID != 2 {
		t.Errorf("boot after the crash: %+v", after.Run)
	}
}
