package btrfs

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Destroy removes datasets or snapshots of one pool, all or none.
func (b *Backend) Destroy(ctx context.Context, names []string, o dataset.DestroyOptions) error {
	return b.change(ctx, "destroy", names[0], func(p *pool) error {
		doomed, err := p.doom(names, o)
		if err != nil {
			return err
		}
		return p.destroy(doomed, o.Force)
	})
}

// Doomed names what a Destroy with the same options would remove, in order.
func (b *Backend) Doomed(ctx context.Context, names []string, o dataset.DestroyOptions) ([]string, error) {
	p, err := b.read(ctx, dataset.PoolOf(names[0]))
	if err != nil {
		return nil, dataset.Cannot("open", names[0], err)
	}
	defer p.close()
	doomed, err := p.doom(names, o)
	var out []string
	for _, r := range doomed {
		out = append(out, r.Name)
	}
	return out, err
}

// doom collects what has to go, children and clones first, or says what stands
// in the way.
func (p *pool) doom(names []string, o dataset.DestroyOptions) ([]*record, error) {
	set := make(map[int64]*record)
	for _, name := range names {
		r, err := p.find(name)
		if err != nil {
			return nil, err
		}
		if dataset.Parent(name) == "" && !r.isSnapshot() && !o.Recursive && !o.Dependents {
			return nil, dataset.Cannot("destroy", name, errors.New("operation does not apply to pools\nuse 'zfs destroy -r "+
				name+"' to destroy all datasets in the pool\nuse 'zpool destroy "+name+"' to destroy the pool itself"))
		}
		if err := p.doomOne(r, o, set); err != nil {
			return nil, err
		}
	}
	if err := p.checkClones(names[0], o, set); err != nil {
		return nil, err
	}
	out := make([]*record, 0, len(set))
	for _, r := range set {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *record) int { return compare(b, a) })
	return out, nil
}

func (p *pool) doomOne(r *record, o dataset.DestroyOptions, set map[int64]*record) error {
	set[r.ID] = r
	below := p.store.below(r.Name)
	if r.isSnapshot() {
		below = nil
		if o.Recursive || o.Dependents {
			below = p.sameSnapshots(r)
		}
	}
	if len(below) > 0 && !r.isSnapshot() && !o.Recursive && !o.Dependents {
		return dataset.Cannot("destroy", r.Name, &dataset.BlockedError{
			Reason: dataset.ErrChildren, Text: string(r.Type) + " has children",
			Use: "use '-r' to destroy the following datasets:", Names: names(below),
		})
	}
	for _, d := range below {
		set[d.ID] = d
	}
	return nil
}

// sameSnapshots is the snapshots of the same name below a snapshot's dataset.
func (p *pool) sameSnapshots(r *record) []*record {
	of, snap, _ := dataset.SplitSnapshot(r.Name)
	return p.store.all(func(d *record) bool {
		return d.isSnapshot() && strings.HasPrefix(d.Name, of+"/") && strings.HasSuffix(d.Name, "@"+snap)
	})
}

// checkClones refuses when clones outside of set depend on it, or with -R adds
// them and all below them.
func (p *pool) checkClones(name string, o dataset.DestroyOptions, set map[int64]*record) error {
	for {
		var outside []*record
		for _, r := range p.store.all(func(r *record) bool { return r.Origin != 0 && set[r.ID] == nil && set[r.Origin] != nil }) {
			outside = append(outside, r)
			outside = append(outside, p.store.below(r.Name)...)
		}
		if len(outside) == 0 {
			return nil
		}
		if !o.Dependents {
			return dataset.Cannot("destroy", name, &dataset.BlockedError{
				Reason: dataset.ErrClones, Text: string(p.store.byName[name].Type) + " has dependent clones",
				Use: "use '-R' to destroy the following datasets:", Names: names(outside),
			})
		}
		for _, r := range outside {
			set[r.ID] = r
		}
	}
}

func names(records []*record) []string {
	out := make([]string, len(records))
	for i, r := range records {
		out[i] = r.Name
	}
	return out
}

// destroy unmounts, then forgets, then removes: what a crash leaves of the last
// step no record names any more.
func (p *pool) destroy(doomed []*record, force bool) error {
	undo := revert.New()
	defer p.undo(undo)
	if err := p.unmountAll(doomed, force, undo); err != nil {
		return err
	}
	places := make([]string, len(doomed))
	ids := make([]int64, len(doomed))
	for i, r := range doomed {
		ids[i] = r.ID
		if !r.isSnapshot() {
			places[i] = p.store.mountpoint(r)
		}
	}
	if err := p.commit(entry{Del: ids}); err != nil {
		return err
	}
	undo.Success()
	p.remove(doomed)
	slices.SortFunc(places, func(a, b string) int { return strings.Compare(b, a) })
	for _, at := range places {
		p.removePlace(at)
	}
	return nil
}

// remove takes away subvolumes that no record names any more. What fails is
// left to the next repair.
func (p *pool) remove(gone []*record) {
	for _, r := range gone {
		err := p.destroyTree(r.treeName())
		if err != nil {
			p.left = true
			p.b.log.Warn("remove a destroyed dataset; the next command repairs it", "dataset", r.Name, "err", err)
		}
	}
	if err := errors.Join(p.awaitSpace(gone), p.dropStaleGroups()); err != nil {
		p.b.log.Info("free what was destroyed", "pool", p.name, "err", err)
	}
}
