package btrfs

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// With simple quotas each dataset has a quota group of its own, which holds
// its subvolume, the subvolumes it had before rollbacks and the groups of its
// children: what it counts is ZFS's "used". A parent's group must be of a
// higher level than its children's, so the level comes from the depth.
const topLevel = 60

func groupOf(name string, id int64) btrfs.QgroupID {
	return btrfs.Qgroup(uint16(topLevel-strings.Count(name, "/")), uint64(id))
}

func (r *record) group() btrfs.QgroupID { return groupOf(r.Name, r.ID) }

func (r *record) ownGroup() btrfs.QgroupID { return btrfs.Qgroup(0, r.Subvol) }

func (p *pool) simple() bool { return p.store.pool.Quota == btrfs.QuotaSimple }

// groupsOf are the groups that a new subvolume of r joins.
func (p *pool) groupsOf(r *record) []btrfs.QgroupID {
	if !p.simple() {
		return nil
	}
	return []btrfs.QgroupID{r.group()}
}

// makeGroup makes r's group, in its parent's.
func (p *pool) makeGroup(r *record) error {
	if !p.simple() {
		return nil
	}
	if err := btrfs.CreateQgroup(p.top, r.group()); err != nil {
		return noSpace(err)
	}
	if parent := p.store.byName[dataset.Parent(r.Name)]; parent != nil {
		return noSpace(btrfs.AssignQgroup(p.top, r.group(), parent.group(), true))
	}
	return nil
}

func (p *pool) dropGroup(r *record) error {
	if !p.simple() {
		return nil
	}
	err := btrfs.DestroyQgroup(p.top, r.group())
	if errors.Is(err, unix.EBUSY) {
		return nil // its subvolume is still being cleaned up: dropStaleGroups
	}
	return err
}

// limit makes r's quotas what the kernel enforces.
func (p *pool) limit(r *record) error {
	if r.Type != dataset.Filesystem || p.store.pool.Quota == btrfs.QuotaNone {
		return nil
	}
	quota, ref := r.number("quota"), r.number("refquota")
	if !p.simple() {
		// Classic groups count what is shared, and a subvolume's own only.
		return btrfs.LimitQgroup(p.top, r.ownGroup(), btrfs.Limit{Referenced: least(quota, ref)})
	}
	if ref > 0 {
		ref = max(1, ref-r.Base) // what it was cloned from is not charged to it
	}
	return errors.Join(
		btrfs.LimitQgroup(p.top, r.group(), btrfs.Limit{Referenced: uint64(quota)}),
		btrfs.LimitQgroup(p.top, r.ownGroup(), btrfs.Limit{Referenced: uint64(ref)}))
}

// least is the smaller of two limits, where 0 is none.
func least(a, b int64) uint64 {
	if a == 0 || b != 0 && b < a {
		return uint64(b)
	}
	return uint64(a)
}

func isLimited(r *record) bool { return r.number("quota") > 0 || r.number("refquota") > 0 }

// noSpace words a full pool or quota.
func noSpace(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return dataset.As(errors.Join(dataset.ErrNoSpace, err), "%v", dataset.ErrNoSpace)
	}
	return err
}
