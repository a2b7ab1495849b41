package zfs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	gozfs "github.com/mistifyio/go-zfs/v4"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Create makes a filesystem or volume.
func (b *Backend) Create(ctx context.Context, name string, o dataset.CreateOptions) error {
	_, err := b.run(ctx, "zfs", createArgs(name, o)...)
	return err
}

func createArgs(name string, o dataset.CreateOptions) []string {
	args := append([]string{"create"}, flags(map[string]bool{"-p": o.Parents, "-s": o.Sparse, "-u": o.NoMount})...)
	args = append(args, options(o.Props)...)
	if o.Volsize > 0 {
		args = append(args, "-V", fmt.Sprint(o.Volsize))
	}
	return append(args, name)
}

// options are -o for each property, in order.
func options(props map[string]string) []string {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(props)) {
		args = append(args, "-o", name+"="+props[name])
	}
	return args
}

// flags are those that are on, in order.
func flags(all map[string]bool) []string {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] {
			args = append(args, name)
		}
	}
	return args
}

// Destroy removes datasets or snapshots. Several snapshots of one dataset go
// at once.
func (b *Backend) Destroy(ctx context.Context, names []string, o dataset.DestroyOptions) error {
	on := flags(map[string]bool{"-r": o.Recursive, "-R": o.Dependents, "-d": o.Defer, "-f": o.Force})
	var errs []error
	for _, name := range joinSnapshots(names) {
		_, err := b.run(ctx, "zfs", append(append([]string{"destroy"}, on...), name)...)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// joinSnapshots makes a@x and a@y one argument, a@x,y.
func joinSnapshots(names []string) []string {
	var out []string
	last := ""
	for _, name := range names {
		of, snap, ok := dataset.SplitSnapshot(name)
		if ok && of == last {
			out[len(out)-1] += "," + snap
			continue
		}
		out = append(out, name)
		last = ""
		if ok {
			last = of
		}
	}
	return out
}

// Set changes properties, all or none.
func (b *Backend) Set(ctx context.Context, name string, props map[string]string) error {
	args := []string{"set"}
	for _, p := range slices.Sorted(maps.Keys(props)) {
		args = append(args, p+"="+props[p])
	}
	_, err := b.run(ctx, "zfs", append(args, name)...)
	return err
}

// Inherit clears a property.
func (b *Backend) Inherit(ctx context.Context, name, prop string, o dataset.InheritOptions) error {
	args := append([]string{"inherit"}, flags(map[string]bool{"-r": o.Recursive, "-S": o.Received})...)
	_, err := b.run(ctx, "zfs", append(args, prop, name)...)
	return err
}

// Snapshot takes snapshots in one transaction.
func (b *Backend) Snapshot(ctx context.Context, names []string, o dataset.SnapshotOptions) error {
	args := append([]string{"snapshot"}, flags(map[string]bool{"-r": o.Recursive})...)
	_, err := b.run(ctx, "zfs", append(append(args, options(o.Props)...), names...)...)
	return err
}

// Clone makes a dataset from a snapshot.
func (b *Backend) Clone(ctx context.Context, snapshot, name string, o dataset.CreateOptions) error {
	args := append([]string{"clone"}, flags(map[string]bool{"-p": o.Parents})...)
	_, err := b.run(ctx, "zfs", append(append(args, options(o.Props)...), snapshot, name)...)
	return err
}

// Rollback brings a dataset back to a snapshot.
func (b *Backend) Rollback(ctx context.Context, snapshot string, o dataset.RollbackOptions) error {
	args := append([]string{"rollback"}, flags(map[string]bool{"-r": o.Recursive, "-R": o.Dependents, "-f": o.Force})...)
	_, err := b.run(ctx, "zfs", append(args, snapshot)...)
	return err
}

// Rename moves a dataset or renames a snapshot.
func (b *Backend) Rename(ctx context.Context, from, to string, o dataset.RenameOptions) error {
	args := append([]string{"rename"}, flags(map[string]bool{"-p": o.Parents, "-r": o.Recursive, "-f": o.Force})...)
	_, err := b.run(ctx, "zfs", append(args, from, to)...)
	return err
}

// Promote makes a clone the origin of its origin.
func (b *Backend) Promote(ctx context.Context, name string) error {
	_, err := b.run(ctx, "zfs", "promote", name)
	return err
}

// Mount mounts a filesystem; being mounted is no error.
func (b *Backend) Mount(ctx context.Context, name string) error {
	_, err := b.run(ctx, "zfs", "mount", name)
	if err != nil && strings.Contains(err.Error(), "already mounted") {
		return nil
	}
	return err
}

// Unmount unmounts a filesystem; not being mounted is no error.
func (b *Backend) Unmount(ctx context.Context, name string, force bool) error {
	_, err := b.run(ctx, "zfs", append(append([]string{"unmount"}, flags(map[string]bool{"-f": force})...), name)...)
	if err != nil && strings.Contains(err.Error(), "not currently mounted") {
		return nil
	}
	return err
}

// Has reports whether the host has a pool of that name.
func (b *Backend) Has(name string) (bool, error) {
	b.library()
	_, err := gozfs.GetZpool(name)
	if said, ok := errors.AsType[*gozfs.Error](err); ok {
		err = understand(said.Stderr, err)
	}
	if errors.Is(err, dataset.ErrNoPool) {
		return false, nil
	}
	return err == nil, err
}
