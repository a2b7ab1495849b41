package btrfs

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// settleGroups makes the quota groups what the records ask for: after a
// rename, an import, a crash, and to clear away groups of datasets that are
// gone. Those that still hold something, because its space is only being
// freed, wait for another time.
func (p *pool) settleGroups() error {
	if !p.simple() {
		return nil
	}
	parents, err := btrfs.Parents(p.top)
	if err != nil {
		return err
	}
	known := make(map[btrfs.QgroupID]bool, len(p.store.byID))
	for _, r := range p.store.all(func(r *record) bool { return r.isDataset() }) {
		known[r.group()] = true
		if !p.hasTree(r) {
			continue
		}
		if err := p.settle(r, parents); err != nil {
			return err
		}
	}
	return p.sweepGroups(known, parents)
}

// settle puts r's subvolume in r's group and that in the parent's, and in no
// other.
func (p *pool) settle(r *record, parents map[btrfs.QgroupID][]btrfs.QgroupID) error {
	group := r.group()
	var above []btrfs.QgroupID
	if parent := p.store.byName[dataset.Parent(r.Name)]; parent != nil {
		above = append(above, parent.group())
	}
	if len(parents[group]) == 0 {
		if err := btrfs.CreateQgroup(p.top, group); err != nil {
			return noSpace(err)
		}
	}
	return errors.Join(
		p.assign(group, parents[group], above),
		p.assign(r.ownGroup(), parents[r.ownGroup()], []btrfs.QgroupID{group}))
}

// assign makes member a member of the groups in want alone.
func (p *pool) assign(member btrfs.QgroupID, have, want []btrfs.QgroupID) error {
	var errs []error
	for _, g := range have {
		if !slices.Contains(want, g) {
			errs = append(errs, btrfs.AssignQgroup(p.top, member, g, false))
		}
	}
	for _, g := range want {
		if !slices.Contains(have, g) {
			errs = append(errs, btrfs.AssignQgroup(p.top, member, g, true))
		}
	}
	return noSpace(errors.Join(errs...))
}

// sweepGroups removes groups that no record has. What is charged to a dataset
// beside its subvolume (what it had before a rollback) moves to its new group.
func (p *pool) sweepGroups(known map[btrfs.QgroupID]bool, parents map[btrfs.QgroupID][]btrfs.QgroupID) error {
	var errs []error
	for member, groups := range parents {
		for _, g := range groups {
			r := p.store.byID[int64(g.ID())]
			if member.Level() == 0 && !known[g] && r != nil && member != r.ownGroup() {
				errs = append(errs, p.assign(member, groups, []btrfs.QgroupID{r.group()}))
			}
		}
	}
	return errors.Join(append(errs, p.dropStaleGroups())...)
}

// dropStaleGroups removes empty groups whose datasets are gone.
func (p *pool) dropStaleGroups() error {
	if !p.simple() {
		return nil
	}
	usages, err := btrfs.Usages(p.top)
	if err != nil {
		return err
	}
	known := make(map[btrfs.QgroupID]bool, 2*len(p.store.byID))
	for _, r := range p.store.byID {
		known[r.group()] = r.isDataset()
		known[r.ownGroup()] = true
	}
	var errs []error
	for id, usage := range usages {
		if known[id] || usage.Referenced > 0 {
			continue
		}
		stale, err := p.isStale(id)
		if err == nil && stale {
			err = btrfs.DestroyQgroup(p.top, id)
		}
		if !errors.Is(err, unix.EBUSY) { // in use until its subvolume is cleaned up
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// isStale reports whether an unknown group belongs to nothing: a subvolume's
// own group may be that of one that somebody made inside a dataset. Recent
// kernels remove those by themselves.
func (p *pool) isStale(id btrfs.QgroupID) (bool, error) {
	const firstSubvolume = 256
	if id.Level() > 0 {
		return true, nil
	}
	if id.ID() < firstSubvolume {
		return false, nil
	}
	there, err := btrfs.Exists(p.top, id.ID())
	return !there, err
}
