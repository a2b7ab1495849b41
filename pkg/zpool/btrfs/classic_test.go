package btrfs

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// testPool makes a pool with the given accounting.
func testPool(t *testing.T, mode btrfs.QuotaMode) *Backend {
	t.Helper()
	testenv.RequireRoot(t)
	testenv.RequireCommand(t, "mkfs.btrfs")
	testenv.RequireFilesystem(t, "btrfs")
	b := New(testenv.Root(t), slog.New(slog.NewTextHandler(t.Output(), nil)))
	b.Quota = mode
	disk := filepath.Join(t.TempDir(), "disk")
	must(t, os.WriteFile(disk, nil, 0o600))
	must(t, os.Truncate(disk, 1<<30))
	must(t, b.CreatePool(t.Context(), "tank", dataset.PoolOptions{Devices: []string{disk}}))
	t.Cleanup(func() { must(t, b.DestroyPool(context.Background(), "tank", true)) })
	return b
}

// Kernels before 6.7 have classic qgroups only: the quota holds there too, for
// all that a filesystem refers to.
func TestClassic_quota(t *testing.T) {
	b := testPool(t, btrfs.QuotaClassic)
	ctx := t.Context()
	quota := dataset.CreateOptions{Props: map[string]string{"quota": "20M"}}
	must(t, b.Create(ctx, "tank/a", quota))
	must(t, b.Snapshot(ctx, []string{"tank/a@s"}, dataset.SnapshotOptions{}))
	must(t, b.Clone(ctx, "tank/a@s", "tank/c", quota))
	must(t, b.Rollback(ctx, "tank/a@s", dataset.RollbackOptions{}))
	must(t, b.Rename(ctx, "tank/c", "tank/a/c", dataset.RenameOptions{}))
	for _, name := range []string{"tank/a", "tank/a/c"} {
		err := os.WriteFile(filepath.Join(b.root.Pool(name), "f"), make([]byte, 40<<20), 0o644)
		if !errors.Is(err, unix.EDQUOT) {
			t.Errorf("%s: 40 MB into a quota of 20 MB: %v", name, err)
		}
	}
	all, err := b.List(ctx, dataset.ListOptions{
		Props: []string{"used", "available", "referenced"},
		Types: []dataset.Type{dataset.Filesystem, dataset.Snapshot},
	})
	must(t, err)
	for _, d := range all {
		if d.Type == dataset.Filesystem && d.Int("available") <= 0 && d.Name == "tank" {
			t.Errorf("%s: nothing available: %v", d.Name, d.Props)
		}
	}
	must(t, b.Destroy(ctx, []string{"tank/a"}, dataset.DestroyOptions{Recursive: true}))
}

func TestNoQuota_isRefused(t *testing.T) {
	b := testPool(t, btrfs.QuotaClassic)
	ctx := t.Context()
	must(t, b.change(ctx, "edit", "tank", func(p *pool) error {
		h := p.store.pool
		h.Quota = btrfs.QuotaNone
		return p.commit(entry{Pool: &h})
	}))
	err := b.Create(ctx, "tank/a", dataset.CreateOptions{Props: map[string]string{"quota": "20M"}})
	if !errors.Is(err, dataset.ErrUnsupported) {
		t.Errorf("quota without accounting: %v", err)
	}
	must(t, b.Create(ctx, "tank/a", dataset.CreateOptions{}))
	must(t, b.Destroy(ctx, []string{"tank/a"}, dataset.DestroyOptions{}))
}
