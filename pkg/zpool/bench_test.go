package zpool_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

func BenchmarkList(b *testing.B) {
	root := testenv.Root(b)
	h := zpooltest.Pool(b, root)
	ctx := b.Context()
	must(b, h.Create(ctx, "zones/image", zpool.CreateOptions{}))
	must(b, h.Snapshot(ctx, []string{"zones/image@final"}, zpool.SnapshotOptions{}))
	for i := range 1000 {
		must(b, h.Clone(ctx, "zones/image@final", fmt.Sprintf("zones/%04d", i), zpool.CreateOptions{
			Props: map[string]string{"canmount": "noauto", "quota": "10G"},
		}))
	}
	for name, props := range map[string][]string{
		"names": {"name"}, "default": {"name", "used", "available", "referenced", "mountpoint"}, "mounted": {"name", "mounted"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				all, err := h.List(ctx, zpool.ListOptions{Props: props})
				if err != nil || len(all) < 1000 {
					b.Fatal(len(all), err)
				}
			}
		})
	}
	b.Run("get", func(b *testing.B) {
		for b.Loop() {
			if _, err := h.Get(ctx, "zones/0500", "quota"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("set", func(b *testing.B) {
		for b.Loop() {
			must(b, h.Set(ctx, "zones/0500", map[string]string{"a:b": "c"}))
		}
	})
}

// Each verb beside the bare ioctl that it cannot do without.
func BenchmarkSnapshot(b *testing.B) {
	root := testenv.Root(b)
	h := zpooltest.Pool(b, root)
	ctx := b.Context()
	must(b, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	for i := range 200 {
		must(b, os.WriteFile(filepath.Join(root.Pool("zones/a"), fmt.Sprint(i)), make([]byte, 1000), 0o644))
	}
	must(b, h.Snapshot(ctx, []string{"zones/a@base"}, zpool.SnapshotOptions{}))
	src, err := os.Open(root.Pool("zones/a"))
	must(b, err)
	defer src.Close()
	dir, err := os.Open(root.Pool("zones"))
	must(b, err)
	defer dir.Close()
	n := 0
	next := func() string { n++; return fmt.Sprint("b", n) }
	b.Run("bare-snapshot", func(b *testing.B) {
		for b.Loop() {
			must(b, btrfs.Snapshot(src, dir, next(), true))
		}
	})
	b.Run("bare-create", func(b *testing.B) {
		for b.Loop() {
			must(b, btrfs.CreateSubvolume(dir, next()))
		}
	})
	b.Run("snapshot", func(b *testing.B) {
		for b.Loop() {
			must(b, h.Snapshot(ctx, []string{"zones/a@" + next()}, zpool.SnapshotOptions{}))
		}
	})
	b.Run("clone", func(b *testing.B) {
		for b.Loop() {
			must(b, h.Clone(ctx, "zones/a@base", "zones/"+next(), zpool.CreateOptions{}))
		}
	})
	b.Run("create", func(b *testing.B) {
		for b.Loop() {
			must(b, h.Create(ctx, "zones/"+next(), zpool.CreateOptions{}))
		}
	})
	b.Run("create+destroy", func(b *testing.B) {
		for b.Loop() {
			name := "zones/" + next()
			must(b, h.Create(ctx, name, zpool.CreateOptions{}))
			must(b, h.Destroy(ctx, name, zpool.DestroyOptions{}))
		}
	})
	b.Run("rollback", func(b *testing.B) {
		must(b, h.Snapshot(ctx, []string{"zones/a@last"}, zpool.SnapshotOptions{}))
		for b.Loop() {
			must(b, h.Rollback(ctx, "zones/a@last", zpool.RollbackOptions{}))
		}
	})
}
