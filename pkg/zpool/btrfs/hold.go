package btrfs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

const maxTag = 255

// Hold gives snapshots a tag; all or none get it.
func (b *Backend) Hold(ctx context.Context, snapshots []string, tag string, recursive bool) error {
	const op = "hold snapshot"
	if tag == "" || len(tag) > maxTag {
		return dataset.As(dataset.ErrBadName, "cannot hold: tag must have 1 to %d characters", maxTag)
	}
	return b.eachPool(snapshots, func(names []string) error {
		return b.change(ctx, op, names[0], func(p *pool) error {
			held, err := p.heldSnapshots(op, names, recursive)
			if err != nil {
				return err
			}
			var e entry
			for _, old := range held {
				if _, has := old.Holds[tag]; has {
					return dataset.Cannot(op, old.Name, dataset.As(dataset.ErrExists, "tag already exists on this dataset"))
				}
				r := old.clone()
				if r.Holds == nil {
					r.Holds = make(map[string]int64)
				}
				r.Holds[tag] = time.Now().Unix()
				e.Put = append(e.Put, r)
			}
			return noSpace(p.commit(e))
		})
	})
}

// Release takes a tag away; a snapshot that was only waiting for that goes.
func (b *Backend) Release(ctx context.Context, snapshots []string, tag string, recursive bool) error {
	const op = "release hold from snapshot"
	return b.eachPool(snapshots, func(names []string) error {
		return b.change(ctx, op, names[0], func(p *pool) error {
			held, err := p.heldSnapshots(op, names, recursive)
			if err != nil {
				return err
			}
			var e entry
			var gone []*record
			for _, old := range held {
				if _, has := old.Holds[tag]; !has {
					if recursive && old.Name != names[0] {
						continue
					}
					return dataset.Cannot(op, old.Name, dataset.As(dataset.ErrNotFound, "no such tag on this dataset"))
				}
				r := old.clone()
				delete(r.Holds, tag)
				if p.store.isDue(r) {
					gone = append(gone, r)
					e.Del = append(e.Del, r.ID)
				} else {
					e.Put = append(e.Put, r)
				}
			}
			if err := p.commit(e); err != nil {
				return noSpace(err)
			}
			p.showAll(datasetsOf(gone)...)
			p.remove(gone)
			return nil
		})
	})
}

// Holds lists the tags of snapshots, oldest first.
func (b *Backend) Holds(ctx context.Context, snapshots []string, recursive bool) ([]dataset.Hold, error) {
	var all []dataset.Hold
	err := b.eachPool(snapshots, func(names []string) error {
		p, err := b.read(ctx, dataset.PoolOf(names[0]))
		if err != nil {
			return dataset.Cannot("open", names[0], err)
		}
		defer p.close()
		held, err := p.heldSnapshots("open", names, recursive)
		for _, r := range held {
			for tag, given := range r.Holds {
				all = append(all, dataset.Hold{Snapshot: r.Name, Tag: tag, Given: time.Unix(given, 0)})
			}
		}
		return err
	})
	slices.SortFunc(all, func(a, b dataset.Hold) int {
		return cmp.Or(cmp.Compare(a.Snapshot, b.Snapshot), a.Given.Compare(b.Given), cmp.Compare(a.Tag, b.Tag))
	})
	return all, err
}

// eachPool runs do with the names of each pool, in order.
func (b *Backend) eachPool(names []string, do func(names []string) error) error {
	var errs []error
	for len(names) > 0 {
		pool := dataset.PoolOf(names[0])
		mine := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return dataset.PoolOf(n) != pool })
		names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return dataset.PoolOf(n) == pool })
		errs = append(errs, do(mine))
	}
	return errors.Join(errs...)
}

// heldSnapshots finds the snapshots of those names, with recursive those of
// the same name below too, each once.
func (p *pool) heldSnapshots(op string, names []string, recursive bool) ([]*record, error) {
	var all []*record
	for _, name := range names {
		if err := dataset.CheckName(name, dataset.Snapshot); err != nil {
			return nil, dataset.Cannot(op, name, err)
		}
		r := p.store.byName[name]
		var found []*record
		if r != nil {
			found = append(found, r)
		}
		if recursive {
			found = append(found, p.sameSnapshots(name)...)
		}
		if len(found) == 0 {
			return nil, dataset.Cannot(op, name, dataset.ErrNotFound)
		}
		for _, f := range found {
			if !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
	}
	return all, nil
}

// isDue reports whether a snapshot that was destroyed with -d can go.
func (s *store) isDue(r *record) bool {
	if !r.Deferred || len(r.Holds) > 0 {
		return false
	}
	for _, d := range s.byID {
		if d.Origin == r.ID {
			return false
		}
	}
	return true
}
