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
	r, err := newRecord(name, dataset.Filesystem, o.Props)
	if err != nil {
		return dataset.Cannot("create", name, err)
	}
	return b.change(ctx, "create", name, func(p *pool) error {
		origin, err := p.find(snapshot)
		if err != nil {
			return err
		}
		if p.store.byName[name] != nil && o.Parents {
			return nil
		}
		return p.addNew(r, o.Parents, func(undo *revert.Stack) error {
			r.ID = p.store.next()
			r.Tree, r.Origin, r.Base = r.ID, origin.ID, origin.Base
			if err := p.copyTree(origin, r, undo); err != nil {
				return err
			}
			return p.finish(r, undo)
		})
	})
}
