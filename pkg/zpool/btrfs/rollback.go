package btrfs

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/mnt"
	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Rollback brings a dataset back to a snapshot: a fresh writable copy of the
// snapshot takes the place of its subvolume, also while files are open in it.
func (b *Backend) Rollback(ctx context.Context, snapshot string, o dataset.RollbackOptions) error {
	if err := dataset.CheckName(snapshot, dataset.Snapshot); err != nil {
		return dataset.Cannot("rollback", snapshot, err)
	}
	return b.change(ctx, "rollback to", snapshot, func(p *pool) error {
		snap, err := p.find(snapshot)
		if err != nil {
			return err
		}
		doomed, err := p.newer(snap, o)
		if err != nil {
			return err
		}
		of, _, _ := dataset.SplitSnapshot(snapshot)
		return p.rollback(p.store.byName[of], snap, doomed, o.Force)
	})
}

// newer is what has to go for a rollback: later snapshots and their clones.
func (p *pool) newer(snap *record, o dataset.RollbackOptions) ([]*record, error) {
	of, _, _ := dataset.SplitSnapshot(snap.Name)
	all := p.store.snapshots(of)
	later := slices.Clone(all[slices.Index(all, snap)+1:])
	for _, b := range p.store.bookmarks(of) {
		if b.TXG > snap.TXG {
			later = append(later, b)
		}
	}
	if len(later) > 0 && !o.Recursive && !o.Dependents {
		return nil, dataset.Cannot("rollback to", snap.Name, &dataset.BlockedError{
			Reason: dataset.ErrNewer, Text: dataset.ErrNewer.Error(),
			Use: "use '-r' to force deletion of the following snapshots and bookmarks:", Names: names(later),
		})
	}
	set := make(map[int64]*record)
	for _, r := range later {
		if len(r.Holds) > 0 {
			return nil, dataset.As(dataset.ErrBusy, "cannot destroy snapshot %s: dataset is busy", r.Name)
		}
		set[r.ID] = r
	}
	err := p.checkClones(snap.Name, dataset.DestroyOptions{Dependents: o.Dependents}, set)
	if blocked, ok := errors.AsType[*dataset.BlockedError](err); ok {
		blocked.Text = "clones of previous snapshots exist"
		blocked.Use = "use '-R' to force deletion of the following clones and dependents:"
		return nil, dataset.Cannot("rollback to", snap.Name, blocked)
	}
	doomed := make([]*record, 0, len(set))
	for _, r := range set {
		doomed = append(doomed, r)
	}
	slices.SortFunc(doomed, func(a, b *record) int { return compare(b, a) })
	return doomed, err
}

func (p *pool) rollback(old, snap *record, doomed []*record, force bool) error {
	undo := revert.New()
	defer p.undo(undo)
	if err := p.unmountAll(doomed, force, undo); err != nil {
		return err
	}
	// Volumes change under nobody's hands: one that is open is refused.
	if err := p.detachVolumes("rollback", append([]*record{old}, doomed...), false, undo); err != nil {
		return err
	}
	r := old.clone()
	r.Tree = p.store.next()
	if err := p.copyBack(snap, r, undo); err != nil {
		return dataset.Cannot("rollback to", snap.Name, err)
	}
	r.Base = snap.Base
	r.TXG = old.TXG
	if size, set := snap.Props["volsize"]; set {
		r.set("volsize", size)
	}
	if err := errors.Join(p.limit(r), p.compress(r)); err != nil {
		return dataset.Cannot("rollback to", snap.Name, err)
	}
	ids := make([]int64, len(doomed))
	for i, d := range doomed {
		ids[i] = d.ID
	}
	mounted, err := p.swapMounts(old, r, force, undo)
	if err != nil {
		return err
	}
	if err := p.commit(entry{Put: []*record{r}, Del: ids}); err != nil {
		return dataset.Cannot("rollback to", snap.Name, noSpace(err))
	}
	undo.Success()
	p.showAll(old.Name)
	err = p.mountAll(mounted)
	if r.Type == dataset.Volume {
		err = errors.Join(err, p.attachVolume(r))
	}
	p.remove(append(doomed, &record{Name: old.Name, Type: old.Type, Tree: old.Tree, Subvol: old.Subvol}))
	return err
}

// copyBack makes the new subvolume, a member of the group that r has.
func (p *pool) copyBack(snap, r *record, undo *revert.Stack) error {
	steps := revert.New()
	if err := p.copyTree(snap, r, steps); err != nil {
		return err
	}
	tree := r.treeName() // the group stays whatever happens
	undo.Add(func() error { return p.destroyTree(tree) })
	steps.Success()
	return nil
}

// swapMounts puts the subvolume of r where old's is mounted: beneath it first,
// so that there is no moment of an empty directory. It returns what was mounted
// below, which is to be mounted again.
func (p *pool) swapMounts(old, r *record, force bool, undo *revert.Stack) ([]*record, error) {
	mounted, err := p.isMounted(old)
	if err != nil || !mounted {
		return nil, err
	}
	if err := p.hideSnapshots(old); err != nil {
		return nil, dataset.Cannot("unmount", p.snapdir(old), err)
	}
	undo.Add(func() error { p.showAll(old.Name); return nil })
	all, err := p.mountedBelow([]*record{old})
	if err != nil {
		return nil, err
	}
	below := slices.DeleteFunc(all, func(d *record) bool { return d == old })
	if err := p.unmountAll(below, force, undo); err != nil {
		return nil, err
	}
	at := p.store.mountpoint(old)
	if err := p.putMount(r, at); err != nil {
		return nil, dataset.Cannot("mount", at, err)
	}
	undo.Add(func() error { return p.putMount(old, at) })
	return below, nil
}

// putMount makes r what is mounted on a path where something is mounted.
func (p *pool) putMount(r *record, at string) error {
	place, err := mnt.Open(p.root(), at)
	if err != nil {
		return err
	}
	defer place.Close()
	err = mnt.Bind(p.trees, r.treeName(), p.mountAttr(r), place, true)
	if err == nil {
		return mnt.Unmount(p.root(), at, true)
	}
	if !errors.Is(err, unix.EINVAL) { // mounting beneath came with kernel 6.5
		return err
	}
	if err := mnt.Unmount(p.root(), at, true); err != nil {
		return err
	}
	bare, err := mnt.Open(p.root(), at)
	if err != nil {
		return err
	}
	defer bare.Close()
	return mnt.Bind(p.trees, r.treeName(), p.mountAttr(r), bare, false)
}
