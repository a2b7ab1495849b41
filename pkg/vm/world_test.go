package vm

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
	"github.com/smartbox-os/smartbox/pkg/meta"
	"github.com/smartbox-os/smartbox/pkg/vnic"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/super"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// verbEnv makes this test binary do one verb and end, so that it can be killed.
const verbEnv = "VM_TEST_VERB"

// TestMain lets this test binary be a zoneadmd, and a command that is killed.
func TestMain(m *testing.M) {
	root := paths.Root(os.Getenv("SMARTBOX_ROOT"))
	if filepath.Base(os.Args[0]) == "zoneadmd" {
		os.Exit(zoneadmd(root))
	}
	if verb := os.Getenv(verbEnv); verb != "" {
		if err := runVerb(context.Background(), New(root, slog.New(slog.NewTextHandler(os.Stderr, nil))), verb); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A zoneadmd sleeps on the main thread alone.
func init() {
	if filepath.Base(os.Args[0]) == "zoneadmd" {
		runtime.LockOSThread()
	}
}

func zoneadmd(root paths.Root) int {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := super.Run(ctx, root, log, zone.Supervisor{
		Zone: os.Args[2], Note: os.Getenv(super.NoteVariable),
		Metadata: meta.NewServer(MetadataStore(root, os.Args[2]), log).Serve,
	})
	if err != nil {
		return 1
	}
	return 0
}

const stub = "stub0"

// world is a host with a pool, an image of busybox and an etherstub.
type world struct {
	*Host
	t    testing.TB
	warn []string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldSized(t, zpooltest.Size)
}

func newWorldSized(t testing.TB, size int64) *world {
	t.Helper()
	testenv.RequireRoot(t)
	testenv.RequireCommand(t, "busybox")
	root := testenv.Root(t)
	zpooltest.PoolSized(t, root, size)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	w := &world{Host: New(root, log), t: t}
	w.Warn = func(format string, args ...any) { w.warn = append(w.warn, fmt.Sprintf(format, args...)) }
	w.installTiny()
	ctx := context.Background()
	w.must(w.links.CreateEtherstub(ctx, stub, vnic.CreateOptions{}))
	t.Cleanup(func() {
		w.sweep()
		if err := w.links.DeleteEtherstub(ctx, stub, vnic.CreateOptions{}); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) installTiny() {
	w.t.Helper()
	dir := w.t.TempDir()
	w.must(testenv.TinyImage(dir))
	text, err := os.ReadFile(filepath.Join(dir, "tiny.json"))
	w.must(err)
	m, err := manifest.Read(text)
	w.must(err)
	w.must(w.images.Install(context.Background(), img.InstallOptions{Manifest: m, File: filepath.Join(dir, "tiny.tar.gz"), Now: time.Now()}))
}

// sweep deletes every machine, so that the pool can go.
func (w *world) sweep() {
	list, err := w.List(context.Background(), nil)
	if err != nil {
		w.t.Error(err)
	}
	for _, m := range list {
		if err := w.Update(context.Background(), m.UUID(), Payload{"indestructible_zoneroot": false}); err != nil {
			w.t.Log(err)
		}
		if err := w.Delete(context.Background(), m.UUID()); err != nil {
			w.t.Error(err)
		}
	}
}

// tiny is a payload for a machine of the tiny image; members of extra replace
// those that it has.
func tiny(n int, extra string) Payload {
	p := Payload{
		"brand": "lx", "image_uuid": testenv.TinyImageUUID, "kernel_version": "4.4", "uuid": uuidN(n),
		"alias": fmt.Sprintf("vm%d", n), "autoboot": false, "quota": json.Number("1"), "max_physical_memory": json.Number("128"),
	}
	if extra != "" {
		more, err := ParsePayload([]byte("{" + extra + "}"))
		if err != nil {
			panic(err)
		}
		maps.Copy(p, more)
	}
	return p
}

const oneNIC = `"nics":[{"nic_tag":"` + stub + `","ip":"10.77.0.5","netmask":"255.255.0.0"}]`

func (w *world) create(p Payload) string {
	w.t.Helper()
	uuid, err := w.Create(w.t.Context(), p)
	w.must(err)
	return uuid
}

// get is what get shows, as JSON text by property.
func (w *world) get(uuid string) map[string]string {
	w.t.Helper()
	m, err := w.Get(context.Background(), uuid)
	w.must(err)
	o, err := m.Full()
	w.must(err)
	shown := make(map[string]string)
	for _, member := range o {
		text, err := json.Marshal(member.Value)
		w.must(err)
		shown[member.Name] = string(text)
	}
	return shown
}

func (w *world) want(uuid string, want map[string]string) {
	w.t.Helper()
	got := w.get(uuid)
	for name, text := range want {
		if got[name] != text {
			w.t.Errorf("%s is %s, want %s", name, got[name], text)
		}
	}
}

func (w *world) waitState(uuid, state string) {
	w.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		m, err := w.Get(context.Background(), uuid)
		w.must(err)
		if m.StateName() == state {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("state is %s, want %s", m.StateName(), state)
		}
	}
}

// inZone runs a shell command in a running machine.
func (w *world) inZone(uuid, script string) string {
	w.t.Helper()
	var out, errs strings.Builder
	code, err := w.zones.Exec(w.t.Context(), uuid, zone.ExecOptions{
		Argv: []string{"/bin/sh", "-c", script}, Stdout: &out, Stderr: &errs,
	})
	if err != nil || code != 0 {
		w.t.Fatalf("%s: exit %d, %v: %s", script, code, err, errs.String())
	}
	return strings.TrimSpace(out.String())
}

// gone checks that nothing of a machine is left anywhere.
func (w *world) gone(uuid string) {
	w.t.Helper()
	if _, err := w.zones.Load(uuid); err == nil {
		w.t.Errorf("%s: its configuration is there", uuid)
	}
	if _, err := w.pools.Get(context.Background(), "zones/"+uuid, "name"); err == nil {
		w.t.Errorf("%s: its dataset is there", uuid)
	}
	for _, root := range []string{"etc", "run", "var/lib", "zones"} {
		err := filepath.WalkDir(w.root.Join(root), func(path string, _ os.DirEntry, err error) error {
			if err == nil && strings.Contains(filepath.Base(path), uuid) {
				w.t.Errorf("left: %s", path)
			}
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			w.t.Error(err)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	w.must(err)
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, uuid) && strings.Contains(line, w.root.Join()) {
			w.t.Errorf("a mount is there: %s", line)
		}
	}
}
