package zpool_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// Both backends must do the same under the same names; the rest of smartbox
// does not know which one it has.

func TestConformance_btrfs(t *testing.T) {
	root := testenv.Root(t)
	conformance(t, zpooltest.Pool(t, root), root.Pool("zones"))
}

func TestConformance_zfs(t *testing.T) {
	testenv.RequireGuest(t)
	if _, err := os.Stat("/dev/zfs"); err != nil {
		t.Skipf("needs OpenZFS: %v", err)
	}
	disk := filepath.Join(t.TempDir(), "zones.img")
	must(t, os.WriteFile(disk, nil, 0o600))
	must(t, os.Truncate(disk, 1<<30))
	h := zpool.New("", slog.New(slog.NewTextHandler(t.Output(), nil)))
	must(t, h.CreatePool(t.Context(), "zones", zpool.PoolOptions{Devices: []string{disk}}))
	t.Cleanup(func() { must(t, h.DestroyPool(context.Background(), "zones", true)) })
	conformance(t, h, "/zones")
}

func conformance(t *testing.T, h *zpool.Host, mount string) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *zpool.Host, string)
	}{
		{"pool", conformPool},
		{"snapshots", conformSnapshots},
		{"clones", conformClones},
		{"properties", conformProperties},
		{"errors", conformErrors},
		{"retention", conformRetention},
		{"names", conformNames},
		{"volumes", conformVolumes},
		{"streams", conformStreams},
		{"plans", conformPlans},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, h, mount) })
	}
}

func conformPool(t *testing.T, h *zpool.Host, mount string) {
	pools, err := h.Pools(t.Context(), "zones")
	must(t, err)
	if len(pools) != 1 || pools[0].Name != "zones" {
		t.Errorf("pools: %+v", pools)
	}
	if d, err := h.Get(t.Context(), "zones/config", "mountpoint"); err != nil || d.Get("mountpoint") != "/etc/zones" {
		t.Errorf("zones/config: %+v, %v", d, err)
	}
	if at, err := h.Mountpoint(t.Context(), "zones"); err != nil || at != mount {
		t.Errorf("mountpoint of zones: %s, %v", at, err)
	}
}

func conformSnapshots(t *testing.T, h *zpool.Host, mount string) {
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/s", zpool.CreateOptions{}))
	must(t, h.Create(ctx, "zones/s/child", zpool.CreateOptions{}))
	file := filepath.Join(mount, "s", "f")
	must(t, os.WriteFile(file, []byte("one"), 0o644))
	must(t, h.Snapshot(ctx, []string{"zones/s@a"}, zpool.SnapshotOptions{Recursive: true, Props: map[string]string{"my:note": "hello"}}))
	must(t, os.WriteFile(file, []byte("two"), 0o644))
	must(t, h.Snapshot(ctx, []string{"zones/s@b"}, zpool.SnapshotOptions{}))
	must(t, os.WriteFile(file, []byte("three"), 0o644))
	wantNames(t, h, "zones/s", "zones/s", "zones/s@a", "zones/s@b", "zones/s/child", "zones/s/child@a")
	if d, err := h.Get(ctx, "zones/s@a", "my:note"); err != nil || d.Get("my:note") != "hello" {
		t.Errorf("property of a snapshot: %+v, %v", d, err)
	}
	if err := h.Rollback(ctx, "zones/s@a", zpool.RollbackOptions{}); !errors.Is(err, zpool.ErrNewer) {
		t.Errorf("rollback over a newer snapshot: %v", err)
	}
	must(t, h.Rollback(ctx, "zones/s@b", zpool.RollbackOptions{}))
	wantFile(t, file, "two")
	must(t, h.Rollback(ctx, "zones/s@a", zpool.RollbackOptions{Recursive: true}))
	wantFile(t, file, "one")
	if err := h.Destroy(ctx, "zones/s", zpool.DestroyOptions{}); !errors.Is(err, zpool.ErrChildren) {
		t.Errorf("destroy with children: %v", err)
	}
	must(t, h.Rename(ctx, "zones/s/child", "zones/moved", zpool.RenameOptions{}))
	must(t, h.Destroy(ctx, "zones/s", zpool.DestroyOptions{Recursive: true}))
	must(t, h.Destroy(ctx, "zones/moved", zpool.DestroyOptions{Recursive: true}))
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a destroyed dataset's file: %v", err)
	}
}

func conformClones(t *testing.T, h *zpool.Host, mount string) {
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/o", zpool.CreateOptions{}))
	must(t, os.WriteFile(filepath.Join(mount, "o", "f"), []byte("origin"), 0o644))
	must(t, h.Snapshot(ctx, []string{"zones/o@final"}, zpool.SnapshotOptions{}))
	must(t, h.Clone(ctx, "zones/o@final", "zones/c", zpool.CreateOptions{}))
	wantFile(t, filepath.Join(mount, "c", "f"), "origin")
	must(t, os.WriteFile(filepath.Join(mount, "c", "f"), []byte("clone"), 0o644))
	wantFile(t, filepath.Join(mount, "o", "f"), "origin")
	if d, err := h.Get(ctx, "zones/c", "origin"); err != nil || d.Get("origin") != "zones/o@final" {
		t.Errorf("origin: %+v, %v", d, err)
	}
	if err := h.Destroy(ctx, "zones/o@final", zpool.DestroyOptions{}); !errors.Is(err, zpool.ErrClones) {
		t.Errorf("destroy a clone's origin: %v", err)
	}
	must(t, h.Promote(ctx, "zones/c"))
	if d, err := h.Get(ctx, "zones/o", "origin"); err != nil || d.Get("origin") != "zones/c@final" {
		t.Errorf("origin after the promotion: %+v, %v", d, err)
	}
	must(t, h.Destroy(ctx, "zones/o", zpool.DestroyOptions{}))
	must(t, h.Destroy(ctx, "zones/c", zpool.DestroyOptions{Recursive: true}))
}

func conformProperties(t *testing.T, h *zpool.Host, mount string) {
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/p", zpool.CreateOptions{Props: map[string]string{"quota": "50M", "my:a": "1", "mountpoint": "/tmp/elsewhere"}}))
	must(t, h.Set(ctx, "zones/p", map[string]string{"my:b": "two words", "compression": "lz4"}))
	must(t, h.Create(ctx, "zones/p/q", zpool.CreateOptions{}))
	d, err := h.Get(ctx, "zones/p/q", "my:a", "my:b", "compression", "quota")
	must(t, err)
	if got := d.Get("my:a") + "," + d.Get("my:b") + "," + d.Get("compression"); got != "1,two words,lz4" {
		t.Errorf("inherited: %s", got)
	}
	if q, err := h.Get(ctx, "zones/p", "quota"); err != nil || q.Int("quota") != 50<<20 {
		t.Errorf("quota: %+v, %v", q, err)
	}
	must(t, h.Unmount(ctx, "zones/p/q", false))
	must(t, h.Mount(ctx, "zones/p/q"))
	must(t, h.Destroy(ctx, "zones/p", zpool.DestroyOptions{Recursive: true}))
	if _, err := os.Stat(filepath.Join(mount, "p")); err == nil {
		t.Error("a dataset that is mounted elsewhere left a directory")
	}
}

func conformErrors(t *testing.T, h *zpool.Host, _ string) {
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/e", zpool.CreateOptions{}))
	for what, c := range map[string]struct{ err, want error }{
		"exists":      {h.Create(ctx, "zones/e", zpool.CreateOptions{}), zpool.ErrExists},
		"no parent":   {h.Create(ctx, "zones/no/such", zpool.CreateOptions{}), zpool.ErrNoParent},
		"not found":   {h.Destroy(ctx, "zones/nosuch", zpool.DestroyOptions{}), zpool.ErrNotFound},
		"no snapshot": {h.Rollback(ctx, "zones/e@nosuch", zpool.RollbackOptions{}), zpool.ErrNotFound},
		"property":    {h.Set(ctx, "zones/e", map[string]string{"nosuch": "x"}), zpool.ErrProperty},
		"name":        {h.Create(ctx, "zones/a b!", zpool.CreateOptions{}), zpool.ErrBadName},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", what, c.err, c.want)
		}
	}
	must(t, h.Destroy(ctx, "zones/e", zpool.DestroyOptions{}))
}

func wantNames(t *testing.T, h *zpool.Host, root string, want ...string) {
	t.Helper()
	all, err := h.List(t.Context(), zpool.ListOptions{
		Roots: []string{root}, Recursive: true, Types: []zpool.Type{zpool.Filesystem, zpool.Snapshot},
	})
	must(t, err)
	var got []string
	for _, d := range all {
		got = append(got, d.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%v, want %v", got, want)
	}
}
