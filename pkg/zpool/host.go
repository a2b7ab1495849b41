// Package zpool gives pools and datasets under ZFS names and verbs, on OpenZFS
// where the host has it and on btrfs where not. It mounts and unmounts, but
// prints nothing and knows no zone, no image and no command line.
package zpool

import (
	"context"
	"errors"
	"log/slog"
	"path"
	"strings"
	"sync"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/zpool/btrfs"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zfs"
)

// keeper is a backend with its pools.
type keeper interface {
	dataset.Backend
	dataset.Planner
	dataset.Retention
	dataset.Pools
	dataset.PoolDevices
	dataset.PoolCare
	dataset.Streams
	dataset.SnapshotFiles
}

// Host is all pools of one root.
type Host struct {
	root  paths.Root
	btrfs keeper
	zfs   func() keeper // the host's OpenZFS; nil when there is none
}

// New returns the pools of root. It touches nothing; pools that were in use
// before a reboot of the host are imported when first asked for.
func New(root paths.Root, log *slog.Logger) *Host {
	return &Host{root: root, btrfs: btrfs.New(root, log), zfs: sync.OnceValue(func() keeper {
		if !root.IsHost() { // OpenZFS has one set of pools for the whole host
			return nil
		}
		if b := zfs.Find(); b != nil {
			return b
		}
		return nil
	})}
}

// backend is the one that keeps the pool of a dataset.
func (h *Host) backend(name string) (keeper, error) {
	ours, err := h.btrfs.Has(dataset.PoolOf(name))
	if err != nil {
		return nil, err
	}
	if z := h.zfs(); !ours && z != nil {
		return z, nil
	}
	return h.btrfs, nil
}

// keepers are all backends.
func (h *Host) keepers() []keeper {
	if z := h.zfs(); z != nil {
		return []keeper{h.btrfs, z}
	}
	return []keeper{h.btrfs}
}

// Get reads one dataset with the named properties (none: all that it has).
func (h *Host) Get(ctx context.Context, name string, props ...string) (Dataset, error) {
	b, err := h.backend(name)
	if err != nil {
		return Dataset{}, err
	}
	found, err := b.List(ctx, ListOptions{
		Roots: []string{name}, Props: props,
		Types: []Type{Filesystem, Volume, Snapshot, Bookmark},
	})
	if err != nil {
		return Dataset{}, err
	}
	if len(found) != 1 {
		return Dataset{}, dataset.Cannot("open", name, ErrNotFound)
	}
	return found[0], nil
}

// List reads datasets, parents before children, snapshots after their dataset.
// What can be read is returned beside an error about the rest.
func (h *Host) List(ctx context.Context, o ListOptions) ([]Dataset, error) {
	var all []Dataset
	var errs []error
	for _, k := range h.keepers() {
		mine := o
		if len(o.Roots) > 0 {
			mine.Roots = nil
			for _, root := range o.Roots {
				b, err := h.backend(root)
				errs = append(errs, err)
				if err == nil && b == k {
					mine.Roots = append(mine.Roots, root)
				}
			}
			if len(mine.Roots) == 0 {
				continue
			}
		}
		found, err := k.List(ctx, mine)
		all = append(all, found...)
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

// Create makes and mounts a filesystem or volume.
func (h *Host) Create(ctx context.Context, name string, o CreateOptions) error {
	return h.with(name, func(b keeper) error { return b.Create(ctx, name, o) })
}

// Destroy removes a dataset or snapshot.
func (h *Host) Destroy(ctx context.Context, name string, o DestroyOptions) error {
	return h.DestroyAll(ctx, []string{name}, o)
}

// DestroyAll removes several datasets or snapshots of one pool, all or none.
func (h *Host) DestroyAll(ctx context.Context, names []string, o DestroyOptions) error {
	if len(names) == 0 {
		return nil
	}
	return h.with(names[0], func(b keeper) error { return b.Destroy(ctx, names, o) })
}

// Set changes properties, all or none.
func (h *Host) Set(ctx context.Context, name string, props map[string]string) error {
	return h.with(name, func(b keeper) error { return b.Set(ctx, name, props) })
}

// Inherit clears a property, so that the parent's value counts.
func (h *Host) Inherit(ctx context.Context, name, prop string, o InheritOptions) error {
	return h.with(name, func(b keeper) error { return b.Inherit(ctx, name, prop, o) })
}

// Snapshot takes snapshots (zones/a@s) of datasets of one pool: all or none
// appear. On btrfs they are taken one after the other, within milliseconds.
func (h *Host) Snapshot(ctx context.Context, names []string, o SnapshotOptions) error {
	if len(names) == 0 {
		return nil
	}
	return h.with(names[0], func(b keeper) error { return b.Snapshot(ctx, names, o) })
}

// Clone makes and mounts a filesystem or volume from a snapshot.
func (h *Host) Clone(ctx context.Context, snapshot, name string, o CreateOptions) error {
	return h.with(name, func(b keeper) error { return b.Clone(ctx, snapshot, name, o) })
}

// Rollback brings a dataset back to a snapshot, also while it is mounted;
// files that are open then keep what they had.
func (h *Host) Rollback(ctx context.Context, snapshot string, o RollbackOptions) error {
	return h.with(snapshot, func(b keeper) error { return b.Rollback(ctx, snapshot, o) })
}

// Rename moves a dataset or renames a snapshot.
func (h *Host) Rename(ctx context.Context, from, to string, o RenameOptions) error {
	return h.with(from, func(b keeper) error { return b.Rename(ctx, from, to, o) })
}

// Promote makes a clone the origin of its origin.
func (h *Host) Promote(ctx context.Context, name string) error {
	return h.with(name, func(b keeper) error { return b.Promote(ctx, name) })
}

// Mount mounts a filesystem at its mountpoint; being mounted is no error.
func (h *Host) Mount(ctx context.Context, name string) error {
	return h.with(name, func(b keeper) error { return b.Mount(ctx, name) })
}

// Unmount unmounts a filesystem; not being mounted is no error.
func (h *Host) Unmount(ctx context.Context, name string, force bool) error {
	return h.with(name, func(b keeper) error { return b.Unmount(ctx, name, force) })
}

func (h *Host) with(name string, do func(keeper) error) error {
	b, err := h.backend(name)
	if err != nil {
		return err
	}
	return do(b)
}

// Mountpoint is the path on this host, root included, where a filesystem is
// or would be mounted; ErrProperty when it has none.
func (h *Host) Mountpoint(ctx context.Context, name string) (string, error) {
	d, err := h.Get(ctx, name, "mountpoint")
	if err != nil {
		return "", err
	}
	at := d.Get("mountpoint")
	if !path.IsAbs(at) {
		return "", dataset.Cannot("mount", name, dataset.As(ErrProperty, "mountpoint is %q", at))
	}
	return h.root.Join(at), nil
}

// DatasetAt names the filesystem whose mountpoint property leads to path (a
// path on this host, root included), ErrNotFound when none does.
func (h *Host) DatasetAt(ctx context.Context, path string) (string, error) {
	at := h.root.Display(path)
	if at == path && !h.root.IsHost() {
		return "", dataset.Cannot("open", path, ErrNotFound)
	}
	// By far the most are mounted where their name says.
	if name := strings.Trim(at, "/"); dataset.CheckName(name, Filesystem) == nil {
		if d, err := h.Get(ctx, name, "mountpoint"); err == nil && d.Get("mountpoint") == at {
			return name, nil
		}
	}
	all, err := h.List(ctx, ListOptions{Types: []Type{Filesystem}, Props: []string{"mountpoint"}})
	for _, d := range all {
		if d.Get("mountpoint") == at {
			return d.Name, nil
		}
	}
	return "", dataset.Cannot("open", path, errors.Join(ErrNotFound, err))
}
