package btrfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
	"github.com/smartbox-os/smartbox/pkg/zpool/ztree"
)

// start makes the subvolume that the stream goes into and tells of it.
func (a *arriving) start(ctx context.Context, p *pool, undo *revert.Stack) error {
	if err := a.newRecord(p); err != nil {
		return err
	}
	a.arrival = arrival{
		Name: a.name, Tree: a.rec.Tree, ID: a.rec.ID, Kind: a.begin.Kind,
		ToGUID: a.begin.ToGUID, From: a.begin.FromGUID, ToName: a.begin.ToName, Feature: a.begin.Features,
	}
	if a.base != nil {
		a.Base = a.base.ID
	}
	// Numbers that were given out must not be given again.
	if err := p.commit(entry{Pool: &p.store.pool}); err != nil {
		return err
	}
	var err error
	if a.mark, err = p.announce(&a.arrival); err != nil {
		return err
	}
	undo.Add(func() error {
		a.close()
		return p.dropArrival(strconv.FormatInt(a.Tree, 10))
	})
	if err := a.makeTree(p, undo); err != nil {
		return err
	}
	a.Subvol = a.rec.Subvol
	if err := errors.Join(p.limit(a.rec), p.compress(a.rec)); err != nil {
		return err
	}
	return a.openAll(ctx, p)
}

// newRecord is the dataset's record as it will be.
func (a *arriving) newRecord(p *pool) error {
	brought, err := a.brought()
	if err != nil {
		return err
	}
	fresh, err := newRecord(a.name, a.kind(), a.o.Props)
	if err != nil {
		return err
	}
	fresh.Received = brought
	if a.old == nil {
		a.rec = fresh
		a.rec.ID = p.store.next()
		a.rec.Tree = a.rec.ID
		if a.clone {
			a.rec.Origin, a.rec.Base = a.base.ID, a.base.Base
		}
		return nil
	}
	a.rec = a.old.clone()
	a.rec.Tree = p.store.next()
	for name, value := range fresh.Props {
		a.rec.set(name, value)
	}
	a.rec.Received = brought
	a.rec.Base = 0
	if a.base != nil {
		a.rec.Base = a.base.Base
	}
	return nil
}

func (a *arriving) makeTree(p *pool, undo *revert.Stack) error {
	switch {
	case a.old != nil && a.base != nil:
		return p.copyBack(a.base, a.rec, undo)
	case a.old != nil:
		return p.makeBack(a.rec, undo)
	case a.base != nil:
		return p.copyTree(a.base, a.rec, undo)
	}
	return p.makeTree(a.rec, undo)
}

// makeBack makes an empty subvolume for a dataset that has one, in the group
// that it has.
func (p *pool) makeBack(r *record, undo *revert.Stack) error {
	steps := revert.New()
	if err := p.makeTree(r, steps); err != nil {
		return err
	}
	tree := r.treeName() // the group stays whatever happens
	undo.Add(func() error { return p.destroyTree(tree) })
	steps.Success()
	return nil
}

// openAll opens what the stream is written to, and gives the table of an
// incremental stream what that of its base holds.
func (a *arriving) openAll(ctx context.Context, p *pool) error {
	var err error
	if a.tree, err = p.openTree(a.rec); err != nil {
		return err
	}
	if a.objs, err = p.openObjects(a.Tree, true); err != nil {
		return err
	}
	fd, err := unix.FcntlInt(p.top.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	a.top = os.NewFile(uintptr(fd), p.top.Name())
	if a.base == nil || a.resumed {
		return nil
	}
	from, err := p.openObjects(a.base.ID, false)
	if errors.Is(err, os.ErrNotExist) {
		return a.index(ctx, p)
	}
	if err != nil {
		return err
	}
	defer from.Close()
	table, err := ztree.OpenTable(from)
	if err != nil {
		return err
	}
	return errors.Join(table.CopyTo(a.objs), table.Close())
}

// index makes the table of a base that was taken here, as it would be sent.
func (a *arriving) index(ctx context.Context, p *pool) error {
	table, err := ztree.OpenTable(a.objs)
	if err != nil {
		return err
	}
	of := ztree.Snapshot{Dir: p.trees, Subvol: a.base.Subvol, Made: a.base.TXG}
	if err := ztree.Index(ctx, of, table, a.kind() == dataset.Volume); err != nil {
		err = fmt.Errorf("read %s: %w", a.base.Name, err)
		return errors.Join(err, table.Close())
	}
	return table.Close()
}

func (a *arriving) close() {
	for _, f := range []*os.File{a.tree, a.objs, a.mark, a.top} {
		if f != nil {
			f.Close()
		}
	}
	a.tree, a.objs, a.mark, a.top = nil, nil, nil, nil
}

// supersede drops what was kept of an earlier stream for the same dataset.
func (a *arriving) supersede(p *pool) error {
	all, err := p.arrivals()
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Name != a.name {
			continue
		}
		if x.Saved != nil && p.resumable(&x) && !a.o.Force {
			return dataset.As(dataset.ErrBusy, "destination %s contains\npartially-complete state from \"zfs receive -s\".", a.name)
		}
		swept, err := p.forceSweep(strconv.FormatInt(x.Tree, 10))
		if err != nil {
			return err
		}
		if !swept {
			return dataset.As(dataset.ErrBusy, "destination '%s' is being received at this moment", a.name)
		}
	}
	return nil
}

// forceSweep removes an arrival, also one that can be resumed, unless it is at
// work.
func (p *pool) forceSweep(name string) (bool, error) {
	f, err := os.OpenFile(p.pathOf(receivingName, name), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return false, nil
	}
	return true, p.dropArrival(name)
}

// take applies the stream and makes what came visible.
func (a *arriving) take(ctx context.Context) (notes []string, err error) {
	defer a.close()
	notes, err = a.apply()
	if err == nil {
		err = a.b.change(ctx, "receive", a.name, a.commit)
	}
	if err == nil {
		return notes, nil
	}
	return nil, errors.Join(err, a.abandon(ctx))
}

// apply takes in the stream: this may take hours, and holds nobody up.
func (a *arriving) apply() ([]string, error) {
	table, err := ztree.OpenTable(a.objs)
	if err != nil {
		return nil, err
	}
	defer table.Close()
	sink, err := ztree.NewSink(a.tree, a.rec.Subvol, table, ztree.Policy{Zone: a.o.Zone}, a.Saved, a.base == nil)
	if err != nil {
		return nil, noSpace(err)
	}
	defer sink.Close()
	r := a.objects(sink)
	sink.Attach(r)
	if err := r.Apply(a.records, a.begin); err != nil {
		a.suspend(sink)
		return nil, noSpace(err)
	}
	a.Saved = nil // all came: what fails now will fail again
	notes, err := sink.Finish()
	return notes, noSpace(err)
}

// objects is the receiver that fits what is there.
func (a *arriving) objects(s zstream.Store) *zstream.Receiver {
	switch {
	case a.resumed:
		return zstream.Part(s, a.Kind, a.ToGUID, a.From)
	case a.base != nil:
		return zstream.Hold(s, a.begin.Kind, a.begin.FromGUID)
	}
	return zstream.NewReceiver(s)
}
