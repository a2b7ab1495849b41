package btrfs

import (
	"context"
	"errors"
	"os"
	"strconv"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// commit makes what came the dataset's subvolume, with its snapshot: both
// appear at once.
func (a *arriving) commit(p *pool) error {
	doomed, err := a.recheck(p)
	if err != nil {
		return err
	}
	snap, err := newRecord(a.snapshot, dataset.Snapshot, nil)
	if err != nil {
		return err
	}
	snap.GUID, snap.Created = a.begin.ToGUID, int64(a.begin.Creation)
	snap.ID = p.store.next()
	snap.Tree = snap.ID
	if err := a.sizeVolume(snap); err != nil {
		return err
	}
	undo := revert.New()
	defer p.undo(undo)
	if err := p.unmountAll(doomed, a.o.Force, undo); err != nil {
		return err
	}
	if err := p.detachVolumes("receive", replaced(a.old, doomed), false, undo); err != nil {
		return err
	}
	if err := p.copyTree(a.rec, snap, undo); err != nil {
		return err
	}
	sp, err := p.space()
	if err != nil {
		return err
	}
	snap.Base = sp.referenced(a.rec)
	if a.old != nil {
		a.rec.TXG = a.old.TXG
	}
	if err := a.moveObjects(p, snap, undo); err != nil {
		return err
	}
	return a.publish(p, snap, doomed, undo)
}

// replaced is the datasets and snapshots that go.
func replaced(old *record, doomed []*record) []*record {
	if old == nil {
		return doomed
	}
	return append([]*record{old}, doomed...)
}

// recheck makes sure that nobody changed what the stream builds on, and
// returns what has to go for it.
func (a *arriving) recheck(p *pool) ([]*record, error) {
	before, base := a.old, a.base
	if !a.resumed {
		if err := a.plan(p); err != nil {
			return nil, err
		}
	} else if a.base != nil {
		a.base = p.store.byID[a.base.ID]
	}
	now := p.store.byName[a.name]
	if (before == nil) != (now == nil) || before != nil && before.ID != now.ID || (base == nil) != (a.base == nil) || base != nil && base.ID != a.base.ID {
		return nil, dataset.As(dataset.ErrBusy, "destination '%s' was changed by somebody else meanwhile", a.name)
	}
	a.old = now
	if a.base == nil || a.clone {
		return nil, nil
	}
	return p.newer(a.base, dataset.RollbackOptions{Recursive: a.o.Force})
}

// moveObjects makes the table that of the snapshot.
func (a *arriving) moveObjects(p *pool, snap *record, undo *revert.Stack) error {
	from := p.pathOf(objectsName, strconv.FormatInt(a.Tree, 10))
	to := p.pathOf(objectsName, strconv.FormatInt(snap.ID, 10))
	if err := os.Rename(from, to); err != nil {
		return err
	}
	undo.Add(func() error { return os.Rename(to, from) })
	return nil
}

// publish records the dataset and its snapshot, puts the subvolume where the
// old one was mounted, and lets go of what it replaces.
func (a *arriving) publish(p *pool, snap *record, doomed []*record, undo *revert.Stack) error {
	ids := make([]int64, len(doomed))
	for i, d := range doomed {
		ids[i] = d.ID
	}
	var mounted []*record
	var err error
	if a.old != nil {
		if mounted, err = p.swapMounts(a.old, a.rec, true, undo); err != nil {
			return err
		}
	}
	if err := p.commit(entry{Put: []*record{a.rec, snap}, Del: ids}); err != nil {
		return noSpace(err)
	}
	undo.Success()
	if a.old != nil {
		doomed = append(doomed, &record{Name: a.old.Name, Type: a.old.Type, Tree: a.old.Tree, Subvol: a.old.Subvol})
	}
	p.remove(doomed)
	err = os.Remove(p.pathOf(receivingName, strconv.FormatInt(a.Tree, 10)))
	if (a.old == nil || a.Holder) && !a.o.NoMount && p.store.automatic(a.rec) {
		mounted = append(mounted, a.rec)
	}
	if failed := p.mountAll(mounted); failed != nil {
		p.b.log.Warn("mount what was received", "dataset", a.name, "err", failed)
	}
	if a.rec.Type == dataset.Volume {
		err = errors.Join(err, p.attachVolume(a.rec))
	}
	return err
}

// abandon lets go of what came of a stream that failed, unless it can be
// resumed.
func (a *arriving) abandon(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	return a.b.change(ctx, "receive", a.name, func(p *pool) error {
		if a.o.Resumable && a.Saved != nil {
			return a.keep(p)
		}
		return a.drop(p)
	})
}

// drop removes the hidden subvolume and the quota group of a dataset that did
// not come to be.
func (a *arriving) drop(p *pool) error {
	a.close()
	err := errors.Join(p.dropArrival(strconv.FormatInt(a.Tree, 10)), p.awaitSpace([]*record{a.rec}))
	if a.old == nil && p.store.byID[a.rec.ID] == nil {
		err = errors.Join(err, p.dropGroup(a.rec))
	}
	return err
}
