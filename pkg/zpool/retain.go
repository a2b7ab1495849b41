package zpool

import (
	"context"
	"errors"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Hold gives snapshots a tag: while they have one they can't be destroyed. All
// snapshots of a pool get it, or none; with recursive those of the same name of
// all datasets below too.
func (h *Host) Hold(ctx context.Context, snapshots []string, tag string, recursive bool) error {
	return h.split(snapshots, func(k keeper, names []string) error { return k.Hold(ctx, names, tag, recursive) })
}

// Release takes a tag away. A snapshot that was destroyed with Defer goes with
// the last.
func (h *Host) Release(ctx context.Context, snapshots []string, tag string, recursive bool) error {
	return h.split(snapshots, func(k keeper, names []string) error { return k.Release(ctx, names, tag, recursive) })
}

// Holds lists the tags of snapshots.
func (h *Host) Holds(ctx context.Context, snapshots []string, recursive bool) ([]Hold, error) {
	var all []Hold
	err := h.split(snapshots, func(k keeper, names []string) error {
		found, err := k.Holds(ctx, names, recursive)
		all = append(all, found...)
		return err
	})
	return all, err
}

// Bookmark remembers a snapshot, or another bookmark, under a name (zones/a#b).
func (h *Host) Bookmark(ctx context.Context, source, name string) error {
	pool := source
	if pool == "" || pool[0] == '@' || pool[0] == '#' {
		pool = name
	}
	return h.with(pool, func(k keeper) error { return k.Bookmark(ctx, source, name) })
}

// Diff tells what changed from a snapshot to a later one, or to now when to
// names the dataset; to may be short: @later.
func (h *Host) Diff(ctx context.Context, from, to string) ([]Difference, error) {
	b, err := h.backend(from)
	if err != nil {
		return nil, err
	}
	of, _ := dataset.Base(from)
	switch {
	case to == "":
		to = of
	case to[0] == '@':
		to = of + to
	}
	return b.Diff(ctx, from, to)
}

// Owners sums what each user, or with groups each group, has in a dataset.
func (h *Host) Owners(ctx context.Context, name string, groups bool) ([]Owner, error) {
	b, err := h.backend(name)
	if err != nil {
		return nil, err
	}
	return b.Owners(ctx, name, groups)
}

// split runs do once for each backend, with the names that are its own.
func (h *Host) split(names []string, do func(keeper, []string) error) error {
	var errs []error
	for _, k := range h.keepers() {
		var mine []string
		for _, name := range names {
			b, err := h.backend(name)
			errs = append(errs, err)
			if err == nil && b == k {
				mine = append(mine, name)
			}
		}
		if len(mine) > 0 {
			errs = append(errs, do(k, mine))
		}
	}
	return errors.Join(errs...)
}

var _ dataset.Retention = (*Host)(nil)
