package btrfs

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/mnt"
	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

const opSet = "set property for"

// Set changes properties of a dataset, all or none.
func (b *Backend) Set(ctx context.Context, name string, props map[string]string) error {
	return b.change(ctx, opSet, name, func(p *pool) error {
		old, err := p.find(name)
		if err != nil {
			return err
		}
		r := old.clone()
		changed := make(map[string]string, len(props))
		for k, v := range props {
			prop, value, err := dataset.CheckSet(k, v, r.Type, false)
			if err != nil {
				return dataset.Cannot(opSet, name, err)
			}
			r.set(prop, value)
			changed[prop] = value
		}
		if err := r.settleVolume(old, changed); err != nil {
			return dataset.Cannot(opSet, name, err)
		}
		if err := p.checkSpace(r, changed); err != nil {
			return dataset.Cannot(opSet, name, err)
		}
		return p.replace(old, r, slices.Collect(maps.Keys(changed)))
	})
}

// Inherit clears a property of a dataset, or of all below it too. What a stream
// brought is cleared as well, unless it is to count again.
func (b *Backend) Inherit(ctx context.Context, name, prop string, o dataset.InheritOptions) error {
	const op = "inherit property for"
	known := dataset.Lookup(prop)
	switch {
	case known == nil && dataset.IsUser(prop):
	case known == nil:
		return dataset.Cannot(op, name, dataset.As(dataset.ErrProperty, "invalid property '%s'", prop))
	case known.Change == dataset.ReadOnly || known.Change == dataset.AtCreate:
		return dataset.Cannot(op, name, dataset.As(dataset.ErrProperty, "'%s' property cannot be inherited", prop))
	default:
		prop = known.Name
	}
	return b.change(ctx, op, name, func(p *pool) error {
		top, err := p.find(name)
		if err != nil {
			return err
		}
		all := []*record{top}
		if o.Recursive {
			all = append(all, p.store.below(name)...)
		}
		for _, old := range all {
			_, set := old.Props[prop]
			_, received := old.Received[prop]
			if !set && (!received || o.Received) {
				continue
			}
			r := old.clone()
			delete(r.Props, prop)
			if !o.Received {
				delete(r.Received, prop)
			}
			if err := p.replace(old, r, []string{prop}); err != nil {
				return err
			}
		}
		return nil
	})
}

// replace commits a record whose properties changed and makes them take effect.
func (p *pool) replace(old, r *record, changed []string) error {
	moves := slices.Contains(changed, "mountpoint") || slices.Contains(changed, "canmount") || slices.Contains(changed, "zoned")
	if moves && r.Type == dataset.Filesystem {
		if err := p.remount(old, r); err != nil {
			return err
		}
	} else if err := p.commitChanged(old, r); err != nil {
		return dataset.Cannot(opSet, r.Name, noSpace(err))
	}
	if err := p.effects(r, changed); err != nil {
		p.left = true // the repair applies what the record says
		return dataset.Cannot(opSet, r.Name, err)
	}
	return nil
}

// commitChanged commits a record; a volume gets room to grow before that.
func (p *pool) commitChanged(old, r *record) error {
	undo := revert.New()
	defer p.undo(undo)
	if r.Type == dataset.Volume && r.number("volsize") >= old.number("volsize") {
		undo.Add(func() error { return p.resizeVolume(old) })
		if err := p.resizeVolume(r); err != nil {
			return err
		}
	}
	if err := p.commit(entry{Put: []*record{r}}); err != nil {
		return err
	}
	undo.Success()
	return nil
}

// remount unmounts a dataset and what inherits from it, commits, and mounts all
// where it belongs now.
func (p *pool) remount(old, r *record) error {
	undo := revert.New()
	defer p.undo(undo)
	family := append([]*record{old}, p.store.below(old.Name)...)
	mounted, err := p.mountedBelow(family)
	if err != nil {
		return err
	}
	places := make([]string, len(mounted))
	ids := make([]int64, len(mounted))
	for i, m := range mounted {
		ids[i], places[i] = m.ID, p.store.mountpoint(m)
	}
	hidden := p.store.mountpoint(old) == "" // none or legacy until now
	if err := p.unmountAll(family, false, undo); err != nil {
		return err
	}
	if err := p.commit(entry{Put: []*record{r}}); err != nil {
		return dataset.Cannot(opSet, r.Name, noSpace(err))
	}
	undo.Success()
	for _, place := range slices.Backward(places) {
		p.removePlace(place)
	}
	if hidden || p.store.automatic(r) && old.Props["canmount"] != r.Props["canmount"] {
		for _, d := range append([]*record{r}, p.store.below(r.Name)...) {
			if p.store.automatic(d) {
				ids = append(ids, d.ID)
			}
		}
	}
	return p.mountAgain(ids)
}

// effects makes changed properties of r, and of what inherits them, act.
func (p *pool) effects(r *record, changed []string) error {
	var errs []error
	for _, prop := range changed {
		switch prop {
		case "quota", "refquota":
			errs = append(errs, p.limit(r))
		case "compression":
			errs = append(errs, p.each(r, p.compress))
		case "snapdir":
			errs = append(errs, p.each(r, p.showSnapshots))
		case "readonly", "setuid", "devices", "exec", "atime", "relatime":
			errs = append(errs, p.each(r, p.setAttr))
		case "volsize":
			if r.Type == dataset.Volume {
				errs = append(errs, p.resizeVolume(r))
			}
		}
	}
	return errors.Join(errs...)
}

// each runs do for r and every filesystem below it.
func (p *pool) each(r *record, do func(*record) error) error {
	errs := []error{do(r)}
	for _, d := range p.store.below(r.Name) {
		if d.isDataset() {
			errs = append(errs, do(d))
		}
	}
	return errors.Join(errs...)
}

// setAttr changes the flags of r's mount, if it is mounted.
func (p *pool) setAttr(r *record) error {
	if r.Type == dataset.Volume {
		return p.attachVolume(r)
	}
	mounted, err := p.isMounted(r)
	if err != nil || !mounted {
		return err
	}
	return mnt.SetAttr(p.root(), p.store.mountpoint(r), p.mountAttr(r))
}

// checkSpace refuses a quota below what is used and a reservation that the pool
// cannot hold.
func (p *pool) checkSpace(r *record, changed map[string]string) error {
	wanted := make(map[string]int64)
	for _, prop := range []string{"quota", "refquota", "reservation", "refreservation"} {
		if n, err := strconv.ParseInt(changed[prop], 10, 64); err == nil && n > 0 {
			wanted[prop] = n
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	known := p.store.byID[r.ID] != nil
	if known { // what was written a moment ago counts
		if err := btrfs.Sync(p.top); err != nil {
			return err
		}
	}
	sp, err := p.space()
	if err != nil {
		return err
	}
	if known {
		if q, ok := wanted["quota"]; ok && q < sp.charged(r) {
			return errTooSmall
		}
		if q, ok := wanted["refquota"]; ok && q < sp.referenced(r) {
			return errTooSmall
		}
	}
	if (wanted["quota"] > 0 || wanted["refquota"] > 0) && p.store.pool.Quota == "none" {
		return dataset.As(dataset.ErrUnsupported, "this kernel's btrfs has no quotas")
	}
	free := sp.available(r)
	if known && r.Type == dataset.Volume { // what it has counts
		free += sp.referenced(r)
	}
	if n := max(wanted["reservation"], wanted["refreservation"]); n > free {
		if !known && r.Type == dataset.Volume {
			return dataset.ErrNoSpace
		}
		return dataset.As(dataset.ErrNoSpace, "size is greater than available space")
	}
	return nil
}

var errTooSmall = dataset.As(dataset.ErrNoSpace, "size is less than current used or reserved space")
