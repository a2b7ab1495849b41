package btrfs

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/revert"
)

// treesName is the directory of all subvolumes, each named by a number.
const treesName = "trees"

// openTree opens the root directory of r's subvolume.
func (p *pool) openTree(r *record) (*os.File, error) {
	return openIn(p.trees, r.treeName(), unix.O_DIRECTORY)
}

// makeTree makes an empty subvolume for a filesystem or volume.
func (p *pool) makeTree(r *record, undo *revert.Stack) error {
	if err := p.makeGroup(r); err != nil {
		return err
	}
	undo.Add(func() error { return p.dropGroup(r) })
	if err := btrfs.CreateSubvolume(p.trees, r.treeName(), p.groupsOf(r)...); err != nil {
		return noSpace(err)
	}
	undo.Add(func() error { return p.destroyTree(r.treeName()) })
	// A record must not outlive a power cut that its subvolume does not. The
	// kernel commits by itself for snapshots only.
	if err := btrfs.Commit(p.top); err != nil {
		return noSpace(err)
	}
	return p.learn(r)
}

// copyTree makes r's subvolume a snapshot of from's.
func (p *pool) copyTree(from, r *record, undo *revert.Stack) error {
	src, err := p.openTree(from)
	if err != nil {
		return err
	}
	defer src.Close()
	var groups []btrfs.QgroupID
	if !r.isSnapshot() {
		if err := p.makeGroup(r); err != nil {
			return err
		}
		undo.Add(func() error { return p.dropGroup(r) })
		groups = p.groupsOf(r)
	}
	if err := btrfs.Snapshot(src, p.trees, r.treeName(), r.isSnapshot(), groups...); err != nil {
		return noSpace(err)
	}
	undo.Add(func() error { return p.destroyTree(r.treeName()) })
	return p.learn(r)
}

// learn reads what the kernel knows of a subvolume that was just made.
func (p *pool) learn(r *record) error {
	dir, err := p.openTree(r)
	if err != nil {
		return err
	}
	defer dir.Close()
	info, err := btrfs.Info(dir)
	if err != nil {
		return err
	}
	r.Subvol, r.TXG = info.ID, info.Created
	return nil
}

// destroyTree removes a subvolume, and those that somebody made inside it.
func (p *pool) destroyTree(name string) error {
	if err := p.dropObjects(name); err != nil {
		return err
	}
	err := btrfs.DestroySubvolume(p.trees, name)
	if !errors.Is(err, unix.ENOTEMPTY) {
		return ignoreMissing(err)
	}
	if err := p.destroyNested(name); err != nil {
		return err
	}
	return btrfs.DestroySubvolume(p.trees, name)
}

func (p *pool) destroyNested(name string) error {
	dir, err := openIn(p.trees, name, unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer dir.Close()
	subvol, err := btrfs.TreeOf(dir)
	if err != nil {
		return err
	}
	if err := p.uncharge(subvol); err != nil {
		return err
	}
	return btrfs.DestroyNested(p.top, subvol)
}

// uncharge frees a subvolume that is to go from all quotas: one that is full
// would refuse even the removal of what lies in it.
func (p *pool) uncharge(subvol uint64) error {
	if p.store.pool.Quota == btrfs.QuotaNone {
		return nil
	}
	own := btrfs.Qgroup(0, subvol)
	parents, err := btrfs.Parents(p.top)
	if err != nil {
		return err
	}
	for _, g := range parents[own] {
		if err := btrfs.AssignQgroup(p.top, own, g, false); err != nil {
			return err
		}
	}
	return btrfs.LimitQgroup(p.top, own, btrfs.Limit{})
}
