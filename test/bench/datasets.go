package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// datasets compares the verbs of zfs with the ioctls that they cannot do
// without, in this process, so that no start of a program counts.
func (l *lab) datasets() error {
	h, ctx := zpool.New(l.root, slog.New(slog.DiscardHandler)), context.Background()
	if err := h.Create(ctx, "zones/verbs", zpool.CreateOptions{}); err != nil {
		return err
	}
	at := l.root.Pool("zones/verbs")
	for i := range 200 {
		if err := os.WriteFile(filepath.Join(at, fmt.Sprint(i)), make([]byte, 1000), 0o644); err != nil {
			return err
		}
	}
	if err := h.Snapshot(ctx, []string{"zones/verbs@base"}, zpool.SnapshotOptions{}); err != nil {
		return err
	}
	source, err := os.Open(at)
	if err != nil {
		return err
	}
	defer source.Close()
	dir, err := os.Open(l.root.Pool("zones/bench"))
	if err != nil {
		return err
	}
	defer dir.Close()
	drop := func() error { return btrfs.DestroySubvolume(dir, "bare") }
	made := func() error { return h.Clone(ctx, "zones/verbs@base", "zones/doomed", zpool.CreateOptions{}) }
	r := l.compare(5*l.rounds,
		contender{name: "bare snapshot ioctl, floor", do: func() error { return btrfs.Snapshot(source, dir, "bare", true) }, tidy: drop},
		contender{
			name: "snapshot", do: func() error { return h.Snapshot(ctx, []string{"zones/verbs@s"}, zpool.SnapshotOptions{}) },
			tidy: func() error { return h.Destroy(ctx, "zones/verbs@s", zpool.DestroyOptions{}) },
		},
		contender{
			name: "clone", do: func() error { return h.Clone(ctx, "zones/verbs@base", "zones/c", zpool.CreateOptions{}) },
			tidy: func() error { return h.Destroy(ctx, "zones/c", zpool.DestroyOptions{}) },
		},
	)
	l.table("snapshot and clone of 200 files, in one process", r)
	l.against(r, "snapshot", "bare snapshot ioctl, floor", 2, true)
	l.against(r, "clone", "bare snapshot ioctl, floor", 2, true)
	if err := made(); err != nil {
		return err
	}
	if err := btrfs.Snapshot(source, dir, "bare", true); err != nil {
		return err
	}
	r = l.compare(5*l.rounds,
		contender{name: "bare destroy + commit, floor", do: func() error {
			if err := drop(); err != nil {
				return err
			}
			return btrfs.Commit(dir)
		}, tidy: func() error { return btrfs.Snapshot(source, dir, "bare", true) }},
		contender{name: "destroy", do: func() error { return h.Destroy(ctx, "zones/doomed", zpool.DestroyOptions{}) }, tidy: made},
	)
	l.table("destroy, in one process", r)
	l.against(r, "destroy", "bare destroy + commit, floor", 2, true)
	if err := drop(); err != nil {
		return err
	}
	return h.Destroy(ctx, "zones/verbs", zpool.DestroyOptions{Dependents: true})
}

// listDatasets compares lists of many snapshots.
func (l *lab) listDatasets(n int) error {
	h, ctx := zpool.New(l.root, slog.New(slog.DiscardHandler)), context.Background()
	if err := h.Create(ctx, "zones/many", zpool.CreateOptions{}); err != nil {
		return err
	}
	for i := 0; i < n; i += 500 {
		var names []string
		for j := range min(500, n-i) {
			names = append(names, fmt.Sprintf("zones/many@%05d", i+j))
		}
		if err := h.Snapshot(ctx, names, zpool.SnapshotOptions{}); err != nil {
			return err
		}
	}
	quiet := func(line string) func() error { return l.does(words("sh", "-c", line+" >/dev/null")) }
	r := l.compare(l.rounds,
		contender{name: "btrfs subvolume list", do: quiet("btrfs subvolume list " + filepath.Join(l.root.Run(), "pools/zones"))},
		contender{name: "zfs list, names", do: quiet("zfs list -H -t all -o name")},
		contender{name: "zfs list, with space", do: quiet("zfs list -H -t all")},
	)
	l.table(fmt.Sprintf("list of %d datasets", n), r)
	l.against(r, "zfs list, names", "btrfs subvolume list", 1, true)
	l.against(r, "zfs list, with space", "btrfs subvolume list", 1, true)
	return h.Destroy(ctx, "zones/many", zpool.DestroyOptions{Recursive: true})
}
