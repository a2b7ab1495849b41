package btrfs

import (
	"context"
	"errors"
	"slices"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Create makes and mounts a filesystem, or makes a volume a block device.
func (b *Backend) Create(ctx context.Context, name string, o dataset.CreateOptions) error {
	if err := dataset.CheckName(name, dataset.Filesystem); err != nil {
		return dataset.Cannot("create", name, err)
	}
	r, err := newDataset(name, o)
	if err != nil {
		return dataset.Cannot("create", name, err)
	}
	return b.change(ctx, "create", name, func(p *pool) error {
		if p.store.byName[name] != nil && o.Parents {
			return nil
		}
		r.hidden = o.NoMount
		return p.addNew(r, o.Parents, func(undo *revert.Stack) error { return p.add(r, undo) })
	})
}

func newDataset(name string, o dataset.CreateOptions) (*record, error) {
	if o.Volsize > 0 {
		return newVolume(name, o)
	}
	return newRecord(name, dataset.Filesystem, o.Props)
}

// addNew checks the place of a new dataset, makes missing parents when asked
// to, and undoes all when make fails.
func (p *pool) addNew(r *record, parents bool, make func(*revert.Stack) error) error {
	if p.store.byName[r.Name] != nil {
		return dataset.Cannot("create", r.Name, dataset.ErrExists)
	}
	undo := revert.New()
	defer p.undo(undo)
	if parents {
		if err := p.addParents(r.Name, undo); err != nil {
			return err
		}
	}
	if err := p.checkParent(r.Name); err != nil {
		return dataset.Cannot("create", r.Name, err)
	}
	if err := make(undo); err != nil {
		return wrapCreate(r.Name, err)
	}
	undo.Success()
	return nil
}

// wrapCreate words an error, unless it says already what could not be done.
func wrapCreate(name string, err error) error {
	if _, worded := errors.AsType[*dataset.Error](err); worded {
		return err
	}
	return dataset.Cannot("create", name, err)
}

func (p *pool) checkParent(name string) error {
	parent := p.store.byName[dataset.Parent(name)]
	switch {
	case parent == nil:
		return dataset.ErrNoParent
	case parent.Type != dataset.Filesystem:
		return dataset.As(dataset.ErrNoParent, "parent is not a filesystem")
	}
	return nil
}

// addParents makes the missing datasets above name.
func (p *pool) addParents(name string, undo *revert.Stack) error {
	var missing []string
	for above := dataset.Parent(name); above != "" && p.store.byName[above] == nil; above = dataset.Parent(above) {
		missing = append(missing, above)
	}
	for _, m := range slices.Backward(missing) {
		r, err := newRecord(m, dataset.Filesystem, nil)
		if err != nil {
			return err
		}
		if err := p.checkParent(r.Name); err != nil {
			return dataset.Cannot("create", r.Name, err)
		}
		if err := p.add(r, undo); err != nil {
			return wrapCreate(r.Name, err)
		}
	}
	return nil
}

// add makes a filesystem: subvolume, limits, mount, and last its record.
func (p *pool) add(r *record, undo *revert.Stack) error {
	if err := p.checkSpace(r, r.Props); err != nil {
		return err
	}
	r.ID = p.store.next()
	r.Tree = r.ID
	if r.Type != dataset.Volume { // whose file comes after the kernel's commit
		p.promise(undo, r)
	}
	if err := p.makeTree(r, undo); err != nil {
		return err
	}
	if r.Type == dataset.Volume {
		if err := p.makeVolume(r); err != nil {
			return err
		}
	}
	return p.finish(r, undo)
}

// present shows a new dataset: mounted, or as a block device.
func (p *pool) present(r *record, undo *revert.Stack) error {
	if r.Type == dataset.Volume {
		undo.Add(func() error { return p.detachVolume(r, true) })
		return p.attachVolume(r)
	}
	if !p.store.automatic(r) || r.hidden {
		return nil
	}
	if err := p.mount(r); err != nil {
		return err
	}
	undo.Add(func() error {
		err := p.unmount(r, true)
		p.removePlace(p.store.mountpoint(r))
		return err
	})
	return nil
}

// finish gives a new subvolume its properties, mounts and records it.
func (p *pool) finish(r *record, undo *revert.Stack) error {
	if isLimited(r) {
		if err := p.limit(r); err != nil {
			return err
		}
	}
	if err := p.compress(r); err != nil {
		return err
	}
	if err := p.present(r, undo); err != nil {
		return err
	}
	if err := p.fulfil(entry{Put: []*record{r}}); err != nil {
		return noSpace(err)
	}
	undo.Add(func() error { return p.commit(entry{Del: []int64{r.ID}}) })
	return nil
}
