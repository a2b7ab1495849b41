package btrfs

import (
	"context"
	"os"
	"strings"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Snapshot takes snapshots of datasets of one pool; all or none appear.
func (b *Backend) Snapshot(ctx context.Context, names []string, o dataset.SnapshotOptions) error {
	for _, name := range names {
		if err := dataset.CheckName(name, dataset.Snapshot); err != nil {
			return dataset.Cannot("create snapshot", name, err)
		}
		if dataset.PoolOf(name) != dataset.PoolOf(names[0]) {
			return dataset.Cannot("create snapshots", name, dataset.As(dataset.ErrBadName, "datasets must be within same pool"))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return b.change(ctx, "create snapshot", names[0], func(p *pool) error { return p.snapshot(names, o) })
}

func (p *pool) snapshot(names []string, o dataset.SnapshotOptions) error {
	var records []*record
	for _, name := range names {
		found, err := p.planSnapshots(name, o)
		if err != nil {
			return err
		}
		records = append(records, found...)
	}
	undo := revert.New()
	defer p.undo(undo)
	if err := p.take(records, undo); err != nil {
		return err
	}
	if err := p.measure(records); err != nil {
		return dataset.Cannot("create snapshot", names[0], err)
	}
	if err := p.fulfil(entry{Put: records}); err != nil {
		return dataset.Cannot("create snapshot", names[0], noSpace(err))
	}
	undo.Success()
	p.showAll(datasetsOf(records)...)
	return nil
}

// take makes the subvolumes of new snapshots. The kernel takes them one by one,
// so what needs time and can be done before or after is: the time between the
// first and the last is that of as many empty commits.
func (p *pool) take(records []*record, undo *revert.Stack) error {
	from := make([]*os.File, len(records))
	defer func() {
		for _, f := range from {
			f.Close() // nil before it is open
		}
	}()
	for i, r := range records {
		of, _, _ := dataset.SplitSnapshot(r.Name)
		r.ID = p.store.next()
		r.Tree = r.ID
		var err error
		if from[i], err = p.openTree(p.store.byName[of]); err != nil {
			return dataset.Cannot("create snapshot", r.Name, err)
		}
	}
	if len(records) > 1 {
		if err := btrfs.Sync(p.top); err != nil {
			return dataset.Cannot("create snapshot", records[0].Name, noSpace(err))
		}
	}
	p.promise(undo, records...)
	for i, r := range records {
		if err := btrfs.Snapshot(from[i], p.trees, r.treeName(), true); err != nil {
			return dataset.Cannot("create snapshot", r.Name, noSpace(err))
		}
		undo.Add(func() error { return p.destroyTree(r.treeName()) })
	}
	for _, r := range records {
		if err := p.learn(r); err != nil {
			return dataset.Cannot("create snapshot", r.Name, err)
		}
	}
	return nil
}

// measure notes what new snapshots refer to: taking them has just brought the
// quota groups up to date.
func (p *pool) measure(snapshots []*record) error {
	sp, err := p.space()
	if err != nil {
		return err
	}
	for _, r := range snapshots {
		of, _, _ := dataset.SplitSnapshot(r.Name)
		r.Base = sp.referenced(p.store.byName[of])
	}
	return nil
}

// planSnapshots checks one name and makes the records it stands for.
func (p *pool) planSnapshots(name string, o dataset.SnapshotOptions) ([]*record, error) {
	of, snap, _ := dataset.SplitSnapshot(name)
	top, err := p.find(of)
	if err != nil {
		return nil, err
	}
	datasets := []*record{top}
	if o.Recursive {
		datasets = append(datasets, p.store.all(func(r *record) bool {
			return r.isDataset() && strings.HasPrefix(r.Name, of+"/")
		})...)
	}
	var records []*record
	for _, d := range datasets {
		r, err := newRecord(d.Name+"@"+snap, dataset.Snapshot, o.Props)
		if err == nil && p.store.byName[r.Name] != nil {
			err = dataset.ErrExists
		}
		if err != nil {
			return nil, dataset.Cannot("create snapshot", d.Name+"@"+snap, err)
		}
		for _, prop := range []string{"volsize", "volblocksize"} { // a volume's may change later
			if v, set := d.Props[prop]; set {
				r.set(prop, v)
			}
		}
		records = append(records, r)
	}
	return records, nil
}
