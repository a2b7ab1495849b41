package btrfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// arriving is the stream of one snapshot on its way into a subvolume.
type arriving struct {
	*receiver
	begin    *zstream.Begin
	name     string // of the dataset
	snapshot string // that it becomes

	rec   *record // of the dataset as it will be; its subvolume is hidden yet
	old   *record // of the dataset as it is, nil when it is new
	base  *record // the snapshot that the stream starts from, nil for a full one
	clone bool    // base is the origin of a new dataset

	resumed bool // a part came before

	arrival
	mark *os.File // receiving/TREE, locked
	tree *os.File // the subvolume's root
	objs *os.File // the directory of the table
	top  *os.File // the pool's top level
}

var errHaveIt = errors.New("the snapshot is there already")

// prepare finds out what the stream is for, and makes the hidden subvolume.
// From then on the pool is free for others until commit.
func (a *arriving) prepare(ctx context.Context) error {
	if a.o.DryRun {
		p, err := a.b.read(ctx, dataset.PoolOf(a.name))
		if err != nil {
			return err
		}
		defer p.close()
		return a.plan(p)
	}
	return a.b.change(ctx, "receive", a.name, func(p *pool) error {
		if a.begin.Resuming() {
			return a.reopen(ctx, p)
		}
		if err := a.supersede(p); err != nil {
			return err
		}
		if err := a.plan(p); err != nil {
			return err
		}
		undo := revert.New()
		defer p.undo(undo)
		if err := a.start(ctx, p, undo); err != nil {
			return noSpace(err)
		}
		undo.Success()
		return nil
	})
}

// plan decides what the stream is for, in the words of zfs(8).
func (a *arriving) plan(p *pool) error {
	a.old, a.base, a.clone = p.store.byName[a.name], nil, false
	for _, s := range p.store.snapshots(a.name) {
		if s.GUID == a.begin.ToGUID && a.header != nil {
			return errHaveIt
		}
	}
	switch {
	case a.begin.Kind != zstream.FilesystemSet && a.begin.Kind != zstream.VolumeSet:
		return fmt.Errorf("object set of kind %d is neither file system nor volume", a.begin.Kind)
	case a.begin.FromGUID == 0:
		return a.planFull(p)
	case a.begin.Flags&zstream.FlagClone != 0 || a.o.Origin != "":
		return a.planClone(p)
	}
	return a.planIncremental(p)
}

// kind is the type of the dataset that the stream is of.
func (a *arriving) kind() dataset.Type {
	if a.begin.Kind == zstream.VolumeSet {
		return dataset.Volume
	}
	return dataset.Filesystem
}

func (a *arriving) planFull(p *pool) error {
	if a.old == nil {
		return a.checkPlace(p)
	}
	if !a.o.Force {
		return dataset.As(dataset.ErrExists, "destination '%s' exists\nmust specify -F to overwrite it", a.name)
	}
	if snaps := p.store.snapshots(a.name); len(snaps) > 0 {
		return dataset.As(dataset.ErrExists, "destination has snapshots (eg. %s)\nmust destroy them to overwrite it", snaps[0].Name)
	}
	if a.old.Type != a.kind() {
		return dataset.As(dataset.ErrExists, "destination '%s' is a %s, the stream is of a %s", a.name, a.old.Type, a.kind())
	}
	return nil
}

// checkPlace makes sure that a new dataset can be made.
func (a *arriving) checkPlace(p *pool) error {
	if p.store.byName[dataset.Parent(a.name)] == nil && (a.o.WholePath || a.o.LastName) && !a.o.DryRun {
		undo := revert.New()
		defer p.undo(undo)
		if err := p.addParents(a.name, undo); err != nil {
			return err
		}
		undo.Success()
	}
	if a.o.DryRun {
		return nil
	}
	return p.checkParent(a.name)
}

func (a *arriving) planClone(p *pool) error {
	a.clone = true
	if a.old != nil {
		return dataset.As(dataset.ErrExists, "destination '%s' exists\nmust specify -F to overwrite it", a.name)
	}
	a.base = a.origin(p)
	switch {
	case a.base == nil && a.o.Origin != "":
		return dataset.As(dataset.ErrNotFound, "'%s' is not the snapshot that the stream starts from", a.o.Origin)
	case a.base == nil && a.o.DryRun:
		return nil
	case a.base == nil:
		return dataset.As(dataset.ErrNotFound, "local origin for clone %s does not exist", a.snapshot)
	}
	return a.checkPlace(p)
}

// origin finds the snapshot that a clone starts from. Of several with that
// guid, copies of each other, the one below the target is meant, or one that
// has the objects that the stream speaks of.
func (a *arriving) origin(p *pool) *record {
	var best *record
	rank := -1
	top, _, _ := dataset.SplitSnapshot(a.target)
	for _, r := range p.store.all(func(r *record) bool { return r.isSnapshot() && r.GUID == a.begin.FromGUID }) {
		mine := 0
		if _, err := os.Stat(p.pathOf(objectsName, strconv.FormatInt(r.ID, 10))); err == nil {
			mine++
		}
		if dataset.IsBelow(r.Name, top) {
			mine += 2
		}
		if mine > rank && (a.o.Origin == "" || a.o.Origin == r.Name) {
			best, rank = r, mine
		}
	}
	return best
}

func (a *arriving) planIncremental(p *pool) error {
	if a.old == nil {
		if a.o.DryRun { // what came before in the stream is not there
			return nil
		}
		return dataset.As(dataset.ErrNotFound, "destination '%s' does not exist", a.name)
	}
	snaps := p.store.snapshots(a.name)
	for _, s := range snaps {
		if s.GUID == a.begin.FromGUID {
			a.base = s
		}
		if s.Name == a.snapshot && !a.o.Force {
			return dataset.As(dataset.ErrExists, "destination snapshot '%s' exists", s.Name)
		}
	}
	switch {
	case a.o.DryRun:
		return nil
	case a.base == nil || a.base != snaps[len(snaps)-1] && !a.o.Force:
		return errors.New("most recent snapshot of " + a.name + " does not\nmatch incremental source")
	}
	modified, err := a.isModified(p)
	if err != nil || !modified || a.o.Force {
		return err
	}
	return errors.New("destination " + a.name + " has been modified\nsince most recent snapshot")
}

// isModified reports whether anything was written since the last snapshot.
func (a *arriving) isModified(p *pool) (bool, error) {
	dir, err := p.openTree(a.old)
	if err != nil {
		return false, err
	}
	defer dir.Close()
	if err := btrfs.Sync(p.top); err != nil { // what is in memory has no generation yet
		return false, err
	}
	info, err := btrfs.Info(dir)
	return info.Generation > max(a.base.TXG, info.Created), err // a rollback made it anew
}

// word says what could not be received.
func (a *arriving) word(err error) error {
	what := "new filesystem stream"
	if a.begin.FromGUID != 0 && !a.clone {
		what = "incremental stream"
	}
	return dataset.As(err, "cannot receive %s: %v", what, err)
}
