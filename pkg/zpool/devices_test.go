package zpool_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/loopdev"
	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// disks makes files that pools can lie on.
func disks(t *testing.T, n int) []string {
	t.Helper()
	testenv.RequireRoot(t)
	testenv.RequireCommand(t, "mkfs.btrfs")
	testenv.RequireFilesystem(t, "btrfs")
	dir := t.TempDir()
	var all []string
	for i := range n {
		path := filepath.Join(dir, "disk"+string(rune('a'+i)))
		must(t, os.WriteFile(path, nil, 0o600))
		must(t, os.Truncate(path, 600*mb))
		all = append(all, path)
	}
	return all
}

// tank makes the pool tank on disks, with 20 MB of noise in tank/a.
func tank(t *testing.T, layout dataset.Layout, devices []string) (*zpool.Host, paths.Root, string) {
	t.Helper()
	root := testenv.Root(t)
	h := zpool.New(root, slog.New(slog.NewTextHandler(t.Output(), nil)))
	must(t, h.CreatePool(t.Context(), "tank", zpool.PoolOptions{Devices: devices, Layout: layout}))
	t.Cleanup(func() {
		if err := h.DestroyPool(context.Background(), "tank", true); err != nil && !errors.Is(err, zpool.ErrNoPool) {
			t.Error(err)
		}
	})
	must(t, h.Create(t.Context(), "tank/a", zpool.CreateOptions{}))
	noise := make([]byte, 20*mb)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	must(t, os.WriteFile(filepath.Join(root.Pool("tank/a"), "noise"), noise, 0o644))
	must(t, h.SyncPool(t.Context(), "tank"))
	return h, root, string(noise)
}

func pool(t *testing.T, h *zpool.Host) zpool.Pool {
	t.Helper()
	pools, err := h.Pools(t.Context(), "tank")
	must(t, err)
	return pools[0]
}

func wantNoise(t *testing.T, root paths.Root, noise string) {
	t.Helper()
	if got, err := os.ReadFile(filepath.Join(root.Pool("tank/a"), "noise")); err != nil || string(got) != noise {
		t.Errorf("the data is not what it was: %d bytes, %v", len(got), err)
	}
}

func TestMirror_scrubRepairs(t *testing.T) {
	d := disks(t, 2)
	h, root, noise := tank(t, dataset.Mirror, d)
	ctx := t.Context()
	if p := pool(t, h); p.Layout != dataset.Mirror || p.Scan != nil || p.Reason != "" || len(p.Devices) != 2 {
		t.Fatalf("%+v", p)
	}
	f, err := os.OpenFile(d[1], os.O_WRONLY, 0)
	must(t, err)
	for off := int64(40 * mb); off < 590*mb; off += 4 * mb { // beside the superblocks
		_, err := f.WriteAt(make([]byte, 2*mb), off)
		must(t, err)
	}
	must(t, f.Sync())
	must(t, f.Close())
	must(t, os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0o644))
	must(t, h.Scrub(ctx, "tank", dataset.ScrubStart, true))
	p := pool(t, h)
	if p.Devices[1].Checksum == 0 || p.Devices[0].Checksum != 0 || p.Health != dataset.Online || p.Reason == "" {
		t.Errorf("after a repair: %+v", p)
	}
	if p.Scan == nil || p.Scan.State != dataset.Finished || p.Scan.Repaired < mb || p.Scan.Errors != 0 {
		t.Errorf("scrub: %+v", p.Scan)
	}
	must(t, h.ClearErrors(ctx, "tank", d[1]))
	must(t, h.Scrub(ctx, "tank", dataset.ScrubStart, true))
	if p := pool(t, h); p.Reason != "" || p.Devices[1].Checksum != 0 || p.Scan.Repaired != 0 {
		t.Errorf("after the second scrub: %+v %+v", p, p.Scan)
	}
	wantNoise(t, root, noise)
	for _, do := range []string{dataset.ScrubStop, dataset.ScrubPause} {
		if err := h.Scrub(ctx, "tank", do, false); err == nil || !strings.Contains(err.Error(), "there is no active scrub") {
			t.Errorf("%s: %v", do, err)
		}
	}
}

// A single device cannot repair, and status must say so.
func TestScrub_loss(t *testing.T) {
	d := disks(t, 1)
	h, _, _ := tank(t, dataset.Single, d)
	f, err := os.OpenFile(d[0], os.O_RDWR, 0)
	must(t, err)
	data, err := os.ReadFile(d[0])
	must(t, err)
	noise := make([]byte, 64)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	at := strings.Index(string(data), string(noise))
	if at < 0 {
		t.Fatal("the file is not on the disk")
	}
	_, err = f.WriteAt([]byte("damage"), int64(at))
	must(t, err)
	must(t, f.Sync())
	must(t, f.Close())
	must(t, h.Scrub(t.Context(), "tank", dataset.ScrubStart, true))
	p := pool(t, h)
	if p.Scan == nil || p.Scan.Errors == 0 || !strings.Contains(p.Reason, "data corruption") || p.Devices[0].Checksum == 0 {
		t.Errorf("%+v %+v", p, p.Scan)
	}
}

func TestMirror_missingDevice(t *testing.T) {
	d := disks(t, 3)
	h, root, noise := tank(t, dataset.Mirror, d[:2])
	ctx := t.Context()
	must(t, h.ExportPool(ctx, "tank", false))
	must(t, os.Rename(d[1], filepath.Join(t.TempDir(), "away")))
	found, err := h.Importable(ctx, []string{filepath.Dir(d[0])})
	if err != nil || len(found) != 1 || found[0].Health != dataset.Degraded {
		t.Errorf("importable: %+v, %v", found, err)
	}
	must(t, h.ImportPool(ctx, "tank", zpool.ImportOptions{Dirs: []string{filepath.Dir(d[0])}}))
	p := pool(t, h)
	if p.Health != dataset.Degraded || len(p.Devices) != 2 || p.Devices[1].Health != dataset.Unavail || p.Devices[1].Path != d[1] {
		t.Errorf("without a device: %+v", p)
	}
	must(t, os.WriteFile(filepath.Join(root.Pool("tank/a"), "meanwhile"), []byte("x"), 0o644))
	must(t, h.SyncPool(ctx, "tank"))
	if err := h.OnlineDevice(ctx, "tank", d[1], false); !errors.Is(err, zpool.ErrUnsupported) {
		t.Errorf("online of a missing device: %v", err)
	}
	must(t, h.ReplaceDevice(ctx, "tank", d[1], d[2], false))
	p = pool(t, h)
	if p.Health != dataset.Online || p.Devices[1].Path != d[2] && p.Devices[0].Path != d[2] {
		t.Errorf("replaced: %+v", p)
	}
	// The new half alone has everything.
	must(t, h.ExportPool(ctx, "tank", false))
	must(t, os.Rename(d[0], filepath.Join(t.TempDir(), "away")))
	must(t, h.ImportPool(ctx, "tank", zpool.ImportOptions{Dirs: []string{d[2]}}))
	wantNoise(t, root, noise)
	wantFile(t, filepath.Join(root.Pool("tank/a"), "meanwhile"), "x")
}

func TestDevices_attachDetach(t *testing.T) {
	d := disks(t, 3)
	h, root, noise := tank(t, dataset.Single, d[:1])
	ctx := t.Context()
	must(t, h.AttachDevice(ctx, "tank", d[0], d[1], false))
	if p := pool(t, h); p.Layout != dataset.Mirror || p.Health != dataset.Online || len(p.Devices) != 2 {
		t.Errorf("attached: %+v", p)
	}
	must(t, h.AttachDevice(ctx, "tank", d[0], d[2], false))
	if p := pool(t, h); p.Layout != dataset.Mirror || p.Health != dataset.Online || len(p.Devices) != 3 {
		t.Errorf("a third: %+v", p)
	}
	must(t, h.DetachDevice(ctx, "tank", d[0]))
	must(t, h.DetachDevice(ctx, "tank", d[2]))
	if p := pool(t, h); p.Layout != dataset.Single || p.Health != dataset.Online || len(p.Devices) != 1 || p.Devices[0].Path != d[1] {
		t.Errorf("detached: %+v", p)
	}
	wantNoise(t, root, noise)
	for what, err := range map[string]error{
		"only applicable to mirror": h.DetachDevice(ctx, "tank", d[1]),
		"no such device in pool":    h.DetachDevice(ctx, "tank", "/nonsense"),
		"it is the only device":     h.RemoveDevice(ctx, "tank", d[1]),
		"mismatched replication":    h.AddDevices(ctx, "tank", zpool.PoolOptions{Devices: []string{d[0], d[2]}, Layout: dataset.Mirror}),
		"stays in use":              h.OfflineDevice(ctx, "tank", d[1]),
		"one device":                h.Resilver(ctx, "tank"),
		"is in use":                 h.ClearLabel(ctx, d[1], true),
		"no btrfs superblock":       h.ClearLabel(ctx, d[0], true),
	} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v; want %q", err, what)
		}
	}
	must(t, h.ExportPool(ctx, "tank", false))
	must(t, h.ImportPool(ctx, "tank", zpool.ImportOptions{Dirs: []string{filepath.Dir(d[0])}}))
	wantNoise(t, root, noise)
	must(t, h.ExportPool(ctx, "tank", false))
	if err := h.ClearLabel(ctx, d[1], false); err == nil || !strings.Contains(err.Error(), `member of exported pool "tank"`) {
		t.Errorf("clear the label of an exported pool: %v", err)
	}
	must(t, h.ClearLabel(ctx, d[1], true))
	if found, err := h.Importable(ctx, d); err != nil || len(found) > 0 {
		t.Errorf("still there: %+v, %v", found, err)
	}
}

func TestDevices_stripe(t *testing.T) {
	d := disks(t, 3)
	h, root, noise := tank(t, dataset.Single, d[:1])
	ctx := t.Context()
	before := pool(t, h).Size
	must(t, h.AddDevices(ctx, "tank", zpool.PoolOptions{Devices: d[1:]}))
	p := pool(t, h)
	if p.Layout != dataset.Stripe || len(p.Devices) != 3 || p.Size < 2*before {
		t.Errorf("added: %+v", p)
	}
	wantNoise(t, root, noise)
	must(t, h.RemoveDevice(ctx, "tank", d[0]))
	must(t, h.RemoveDevice(ctx, "tank", d[1]))
	if p := pool(t, h); p.Layout != dataset.Single || len(p.Devices) != 1 || p.Devices[0].Path != d[2] {
		t.Errorf("removed: %+v", p)
	}
	wantNoise(t, root, noise)
	must(t, os.Truncate(d[2], 900*mb))
	must(t, h.OnlineDevice(ctx, "tank", d[2], true))
	if p := pool(t, h); p.Size != 900*mb {
		t.Errorf("expanded to %d", p.Size)
	}
	reboot(t, root)
	wantHealth(t, h, dataset.Online)
	wantNoise(t, root, noise)
}

func wantHealth(t *testing.T, h *zpool.Host, want string) {
	t.Helper()
	if p := pool(t, h); p.Health != want {
		t.Errorf("%s, want %s: %s", p.Health, want, p.Reason)
	}
}

func TestDevices_severalMirrors(t *testing.T) {
	d := disks(t, 4)
	h, root, noise := tank(t, dataset.Mirror, d[:2])
	must(t, h.AddDevices(t.Context(), "tank", zpool.PoolOptions{Devices: d[2:], Layout: dataset.Mirror}))
	if p := pool(t, h); p.Layout != dataset.Mirrors || p.Health != dataset.Online || len(p.Layout.Groups(p.Devices)) != 2 {
		t.Errorf("%+v", p)
	}
	wantNoise(t, root, noise)
}

func TestImport_rules(t *testing.T) {
	d := disks(t, 1)
	h, root, noise := tank(t, dataset.Single, d)
	ctx := t.Context()
	cache := filepath.Join(t.TempDir(), "cache")
	saved, err := os.ReadFile(filepath.Join(root.Lib(), "zpool.cache"))
	must(t, err)
	must(t, os.WriteFile(cache, saved, 0o600))

	// Another host has it in use, for all that the pool says.
	must(t, h.Set(ctx, "tank/a", map[string]string{"all:is": "in the file now"}))
	list := filepath.Join(root.Run(), "pools/tank/datasets.jsonl")
	text, err := os.ReadFile(list)
	must(t, err)
	host, err := os.Hostname()
	must(t, err)
	foreign := strings.ReplaceAll(string(text), `"host":"`+host, `"host":"elsewhere/`)
	reboot(t, root)
	must(t, os.Remove(filepath.Join(root.Lib(), "zpool.cache")))
	loop := mountDisk(t, d[0])
	must(t, os.WriteFile(filepath.Join(loop, "datasets.jsonl"), []byte(foreign), 0o600))
	must(t, unix.Unmount(loop, 0))
	err = h.ImportPool(ctx, "tank", zpool.ImportOptions{Dirs: d})
	if !errors.Is(err, zpool.ErrBusy) || !strings.Contains(err.Error(), "Last accessed by elsewhere") {
		t.Fatalf("a pool that another host uses: %v", err)
	}
	must(t, h.ImportPool(ctx, "tank", zpool.ImportOptions{Dirs: d, Force: true}))
	must(t, h.ExportPool(ctx, "tank", false))
	must(t, h.ImportPool(ctx, "tank", zpool.ImportOptions{Cache: cache, AltRoot: "/alt"}))
	data, err := os.ReadFile(root.Join("alt/tank/a/noise"))
	if err != nil || string(data) != noise {
		t.Errorf("below the alternate root: %v", err)
	}
	d2, err := h.Get(ctx, "tank/a", "mountpoint")
	if err != nil || d2.Get("mountpoint") != "/alt/tank/a" || pool(t, h).Props["altroot"].Value != "/alt" {
		t.Errorf("mountpoint: %v, %v", d2, err)
	}
	must(t, h.ExportPool(ctx, "tank", false))
	must(t, h.ImportPool(ctx, "tank", zpool.ImportOptions{Dirs: d}))
	wantNoise(t, root, noise)
}

func TestHistory(t *testing.T) {
	h, _, _ := tank(t, dataset.Single, disks(t, 1))
	ctx := t.Context()
	for i := range 3 {
		must(t, h.Record(ctx, []string{"nonsense", "tank/a@" + string(rune('a'+i))}, zpool.Event{Command: "zfs snapshot " + string(rune('a'+i)), User: "0 (root)"}))
	}
	must(t, h.Record(ctx, []string{"nopool"}, zpool.Event{Command: "lost"}))
	events, err := h.History(ctx, "tank")
	if err != nil || len(events) != 3 || events[2].Command != "zfs snapshot c" {
		t.Errorf("%+v, %v", events, err)
	}
	long := strings.Repeat("x", 100<<10)
	for range 12 {
		must(t, h.Record(ctx, []string{"tank"}, zpool.Event{Command: long}))
	}
	events, err = h.History(ctx, "tank")
	if err != nil || len(events) > 10 || len(events) < 4 || events[0].Command != "zfs snapshot a" {
		t.Errorf("a long history: %d events, %v", len(events), err)
	}
}

// mountDisk mounts a pool's file as nobody but the test knows it.
func mountDisk(t *testing.T, path string) string {
	t.Helper()
	dev, err := loopdev.Device(path)
	must(t, err)
	defer dev.Close()
	at := t.TempDir()
	must(t, unix.Mount(dev.Name(), at, "btrfs", 0, "subvolid=5"))
	return at
}
