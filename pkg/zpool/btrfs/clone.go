package btrfs

import (
	"context"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Clone makes and mounts a writable copy of a snapshot.
func (b *Backend) Clone(ctx context.Context, snapshot, name string, o dataset.CreateOptions) error {
	if err := dataset.CheckName(snapshot, dataset.Snapshot); err != nil {
		return dataset.Cannot("open", snapshot, err)
	}
	if err := dataset.CheckName(name, dataset.Filesystem); err != nil {
		return dataset.Cannot("create", name, err)
	}
	if dataset.PoolOf(snapshot) != dataset.PoolOf(name) {
		return dataset.Cannot("create", name, dataset.As(dataset.ErrBadName, "source and target must be within same pool"))
	}
	return b.change(ctx, "create", name, func(p *pool) error {
		origin, err := p.find(snapshot)
		if err != nil {
			return err
		}
		if p.store.byName[name] != nil && o.Parents {
			return nil
		}
		r, err := p.newClone(origin, name, o)
		if err != nil {
			return dataset.Cannot("create", name, err)
		}
		return p.addNew(r, o.Parents, func(undo *revert.Stack) error {
			if err := p.checkSpace(r, r.Props); err != nil {
				return err
			}
			r.ID = p.store.next()
			r.Tree, r.Origin, r.Base = r.ID, origin.ID, origin.Base
			if r.Type != dataset.Volume {
				p.promise(undo, r)
			}
			if err := p.copyTree(origin, r, undo); err != nil {
				return err
			}
			if r.Type == dataset.Volume && r.Props["volsize"] != origin.Props["volsize"] {
				if err := p.resizeVolume(r); err != nil {
					return err
				}
			}
			return p.finish(r, undo)
		})
	})
}

// newClone is the record of a clone: of the kind that the origin is of.
func (p *pool) newClone(origin *record, name string, o dataset.CreateOptions) (*record, error) {
	of, _, _ := dataset.SplitSnapshot(origin.Name)
	if p.store.byName[of].Type != dataset.Volume {
		return newRecord(name, dataset.Filesystem, o.Props)
	}
	r, err := newRecord(name, dataset.Volume, o.Props)
	if err != nil {
		return nil, err
	}
	for _, prop := range []string{"volsize", "volblocksize"} {
		if v, set := origin.Props[prop]; set && r.Props[prop] == "" {
			r.set(prop, v)
		}
	}
	r.settleReservation()
	return r, nil
}
