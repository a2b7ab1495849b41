package btrfs

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Rename moves a dataset with all below it, or renames a snapshot.
func (b *Backend) Rename(ctx context.Context, from, to string, o dataset.RenameOptions) error {
	if strings.HasPrefix(to, "@") { // zfs rename a@s @t
		of, _, _ := dataset.SplitSnapshot(from)
		to = of + to
	}
	_, _, isSnap := dataset.SplitSnapshot(from)
	t := dataset.Filesystem
	if isSnap {
		t = dataset.Snapshot
	}
	if err := dataset.CheckName(from, t); err != nil {
		return dataset.Cannot("open", from, err)
	}
	if err := dataset.CheckName(to, t); err != nil {
		return dataset.Cannot("create", to, err)
	}
	if dataset.PoolOf(from) != dataset.PoolOf(to) {
		return dataset.Cannot("rename to", to, dataset.As(dataset.ErrBadName, "datasets must be within same pool"))
	}
	return b.change(ctx, "rename", from, func(p *pool) error {
		if isSnap {
			return p.renameSnapshot(from, to, o.Recursive)
		}
		return p.renameDataset(from, to, o)
	})
}

func (p *pool) renameSnapshot(from, to string, recursive bool) error {
	r, err := p.find(from)
	if err != nil {
		return err
	}
	fromOf, _, _ := dataset.SplitSnapshot(from)
	toOf, snap, _ := dataset.SplitSnapshot(to)
	if fromOf != toOf {
		return dataset.Cannot("rename to", to, dataset.As(dataset.ErrBadName, "snapshots must be part of same dataset"))
	}
	all := []*record{r}
	if recursive {
		all = append(all, p.sameSnapshots(r.Name)...)
	}
	var e entry
	for _, old := range all {
		of, _, _ := dataset.SplitSnapshot(old.Name)
		renamed := old.clone()
		renamed.Name = of + "@" + snap
		if p.store.byName[renamed.Name] != nil {
			return dataset.Cannot("rename", old.Name, dataset.ErrExists)
		}
		e.Put = append(e.Put, renamed)
	}
	if err := p.commit(e); err != nil {
		return noSpace(err)
	}
	p.showAll(datasetsOf(e.Put)...)
	return nil
}

func (p *pool) renameDataset(from, to string, o dataset.RenameOptions) error {
	r, err := p.find(from)
	switch {
	case err != nil:
		return err
	case dataset.Parent(from) == "":
		return dataset.Cannot("rename", from, errors.New("a pool is renamed by exporting and importing it"))
	case to == from || dataset.IsBelow(to, from):
		return dataset.Cannot("rename to", to, dataset.As(dataset.ErrBadName, "New dataset name cannot be a descendant of current dataset name"))
	case p.store.byName[to] != nil:
		return dataset.Cannot("rename", from, dataset.ErrExists)
	}
	undo := revert.New()
	defer p.undo(undo)
	if o.Parents {
		if err := p.addParents(to, undo); err != nil {
			return err
		}
	}
	if err := p.checkParent(to); err != nil {
		return dataset.Cannot("rename", from, err)
	}
	moved := append([]*record{r}, p.store.below(from)...)
	if err := p.checkDepth(moved, from, to); err != nil {
		return dataset.Cannot("rename", from, err)
	}
	if err := p.move(moved, from, to, o.Force, undo); err != nil {
		return err
	}
	undo.Success()
	return nil
}

func (p *pool) checkDepth(moved []*record, from, to string) error {
	for _, r := range moved {
		name := to + strings.TrimPrefix(r.Name, from)
		if err := dataset.CheckName(name, r.Type); err != nil {
			return err
		}
	}
	return nil
}

// move unmounts what is to be moved, gives it its new names, and mounts it
// again. Quota groups follow: their level is the depth of the name.
func (p *pool) move(moved []*record, from, to string, force bool, undo *revert.Stack) error {
	mounted, err := p.mountedBelow(moved)
	if err != nil {
		return err
	}
	ids := make([]int64, len(mounted))
	places := make([]string, len(mounted))
	for i, r := range mounted {
		ids[i], places[i] = r.ID, p.store.mountpoint(r)
	}
	if err := p.unmountAll(moved, force, undo); err != nil {
		return err
	}
	var e entry
	for _, r := range moved {
		renamed := r.clone()
		renamed.Name = to + strings.TrimPrefix(r.Name, from)
		e.Put = append(e.Put, renamed)
	}
	if err := p.commit(e); err != nil {
		return dataset.Cannot("rename", from, noSpace(err))
	}
	undo.Success()
	for _, place := range slices.Backward(places) {
		p.removePlace(place)
	}
	err = errors.Join(p.applyQuotas(), p.relink(moved))
	if err != nil {
		p.left = true // the next command does it again
		return dataset.Cannot("rename", from, errors.Join(err, p.mountAgain(ids)))
	}
	return p.mountAgain(ids)
}

// relink makes the block devices of volumes that moved known by their new
// names; who has one open keeps it.
func (p *pool) relink(moved []*record) error {
	var errs []error
	for _, old := range moved {
		if r := p.store.byID[old.ID]; r != nil && r.Type == dataset.Volume {
			if device, err := os.Readlink(p.linkPath(old.Name)); err == nil {
				errs = append(errs, p.link(r.Name, device))
			}
			p.unlink(old.Name)
			errs = append(errs, p.attachVolume(r))
		}
	}
	return errors.Join(errs...)
}

// mountAgain mounts what was mounted before a change, where it belongs now.
func (p *pool) mountAgain(ids []int64) error {
	var records []*record
	for _, id := range ids {
		if r := p.store.byID[id]; r != nil && p.store.mountpoint(r) != "" && p.store.value(r, "canmount") != "off" {
			records = append(records, r)
		}
	}
	return p.mountAll(records)
}
