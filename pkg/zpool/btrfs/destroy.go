package btrfs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Destroy removes datasets, snapshots or bookmarks of one pool, all or none.
func (b *Backend) Destroy(ctx context.Context, names []string, o dataset.DestroyOptions) error {
	return b.change(ctx, "destroy", names[0], func(p *pool) error {
		d, err := p.doom(names, o)
		if err != nil {
			return err
		}
		return p.destroy(d, o.Force)
	})
}

// Doomed names what a Destroy with the same options would remove, in order.
func (b *Backend) Doomed(ctx context.Context, names []string, o dataset.DestroyOptions) ([]string, error) {
	p, err := b.read(ctx, dataset.PoolOf(names[0]))
	if err != nil {
		return nil, dataset.Cannot("open", names[0], err)
	}
	defer p.close()
	d, err := p.doom(names, o)
	if !slices.ContainsFunc(d.now, (*record).isDataset) { // oldest first, as zfs(8) tells them
		slices.SortStableFunc(d.now, func(a, b *record) int { return cmp.Or(cmp.Compare(a.TXG, b.TXG), cmp.Compare(a.ID, b.ID)) })
	}
	var out []string
	for _, r := range d.now {
		out = append(out, r.Name)
	}
	return out, err
}

// doomed is what a destroy removes.
type doomed struct {
	now   []*record // children and clones first
	later []*record // snapshots that go when what keeps them has gone
}

// doom collects what has to go, or says what stands in the way.
func (p *pool) doom(names []string, o dataset.DestroyOptions) (doomed, error) {
	set := make(map[int64]*record)
	var d doomed
	for _, name := range names {
		r, err := p.findDoomed(name, o)
		if err != nil {
			return doomed{}, err
		}
		if o.Defer {
			d.later = append(d.later, p.deferred(r, o.Recursive, set)...)
			continue
		}
		if err := p.doomOne(name, r, o, set); err != nil {
			return doomed{}, err
		}
	}
	if err := p.checkClones(names[0], o, set); err != nil {
		return doomed{}, err
	}
	p.addDue(set)
	for _, r := range set {
		if len(r.Holds) > 0 {
			return doomed{}, dataset.As(dataset.ErrBusy, "cannot destroy snapshot %s: dataset is busy", r.Name)
		}
		d.now = append(d.now, r)
	}
	slices.SortFunc(d.now, func(a, b *record) int { return compare(b, a) })
	return d, nil
}

// findDoomed finds what is to be destroyed; with -r a snapshot's dataset need
// not have it itself: nil then.
func (p *pool) findDoomed(name string, o dataset.DestroyOptions) (*record, error) {
	r := p.store.byName[name]
	of, rest := dataset.Base(name)
	switch {
	case r == nil && strings.HasPrefix(rest, "#"):
		return nil, dataset.As(dataset.ErrNotFound, "bookmark '%s' does not exist.", name)
	case r == nil && rest != "" && p.store.byName[of] != nil:
		if (o.Recursive || o.Dependents) && len(p.sameSnapshots(name)) > 0 {
			return nil, nil
		}
		return nil, dataset.As(dataset.ErrNotFound, "could not find any snapshots to destroy; check snapshot names.")
	case r == nil:
		return nil, dataset.Cannot("open", name, dataset.ErrNotFound)
	case o.Defer && !r.isSnapshot():
		return nil, dataset.Cannot("destroy", name, errors.New("only snapshots can be destroyed later (-d)"))
	case r.isDataset() && dataset.Parent(name) == "" && !o.Recursive && !o.Dependents:
		return nil, dataset.Cannot("destroy", name, errors.New("operation does not apply to pools\nuse 'zfs destroy -r "+
			name+"' to destroy all datasets in the pool\nuse 'zpool destroy "+name+"' to destroy the pool itself"))
	}
	return r, nil
}

func (p *pool) doomOne(name string, r *record, o dataset.DestroyOptions, set map[int64]*record) error {
	if r != nil {
		set[r.ID] = r
	}
	if r == nil || r.isSnapshot() {
		if o.Recursive || o.Dependents {
			for _, d := range p.sameSnapshots(name) {
				set[d.ID] = d
			}
		}
		return nil
	}
	if r.isBookmark() {
		return nil
	}
	below := p.store.below(name)
	inWay := slices.DeleteFunc(slices.Clone(below), (*record).isBookmark)
	if len(inWay) > 0 && !o.Recursive && !o.Dependents {
		return dataset.Cannot("destroy", name, &dataset.BlockedError{
			Reason: dataset.ErrChildren, Text: string(r.Type) + " has children",
			Use: "use '-r' to destroy the following datasets:", Names: names(inWay),
		})
	}
	for _, d := range below {
		set[d.ID] = d
	}
	return nil
}

// deferred puts a snapshot that nothing keeps in set; the others it returns, to
// go later.
func (p *pool) deferred(r *record, recursive bool, set map[int64]*record) []*record {
	all := []*record{r}
	if recursive {
		all = append(all, p.sameSnapshots(r.Name)...)
	}
	var later []*record
	for _, s := range all {
		marked := s.clone()
		marked.Deferred = true
		if p.store.isDue(marked) {
			set[s.ID] = s
		} else {
			later = append(later, marked)
		}
	}
	return later
}

// addDue adds the snapshots that only waited for clones which are to go.
func (p *pool) addDue(set map[int64]*record) {
	for _, origin := range p.store.byID {
		if !origin.Deferred || len(origin.Holds) > 0 || set[origin.ID] != nil {
			continue
		}
		kept := false
		for _, r := range p.store.byID {
			kept = kept || r.Origin == origin.ID && set[r.ID] == nil
		}
		if !kept {
			set[origin.ID] = origin
		}
	}
}

// sameSnapshots is the snapshots of the same name below a snapshot's dataset.
func (p *pool) sameSnapshots(name string) []*record {
	of, snap, _ := dataset.SplitSnapshot(name)
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
				Reason: dataset.ErrClones, Text: p.kindOf(name) + " has dependent clones",
				Use: "use '-R' to destroy the following datasets:", Names: names(outside),
			})
		}
		for _, r := range outside {
			set[r.ID] = r
		}
	}
}

// kindOf words what a name is; a snapshot need not exist itself under -r.
func (p *pool) kindOf(name string) string {
	if r := p.store.byName[name]; r != nil {
		return string(r.Type)
	}
	return string(dataset.Snapshot)
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
func (p *pool) destroy(d doomed, force bool) error {
	undo := revert.New()
	defer p.undo(undo)
	if err := p.unmountAll(d.now, force, undo); err != nil {
		return err
	}
	if err := p.detachVolumes("destroy", d.now, false, undo); err != nil {
		return err
	}
	places := make([]string, len(d.now))
	ids := make([]int64, len(d.now))
	for i, r := range d.now {
		ids[i], places[i] = r.ID, p.store.mountpoint(r)
	}
	if err := p.commit(entry{Put: d.later, Del: ids}); err != nil {
		return err
	}
	undo.Success()
	p.showAll(datasetsOf(d.now)...)
	p.remove(d.now)
	slices.SortFunc(places, func(a, b string) int { return strings.Compare(b, a) })
	for _, at := range places {
		p.removePlace(at)
	}
	return nil
}

// remove takes away subvolumes that no record names any more. What fails is
// left to the next repair.
func (p *pool) remove(gone []*record) {
	gone = slices.DeleteFunc(slices.Clone(gone), (*record).isBookmark)
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
