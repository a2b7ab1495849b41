package btrfs

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// space answers what datasets use, from one reading of the quota groups.
type space struct {
	p      *pool
	usages map[btrfs.QgroupID]btrfs.Usage
	free   int64
	kids   map[string]int64 // sum of used of the children, by parent's name
}

func (p *pool) space() (*space, error) {
	sp := &space{p: p, usages: map[btrfs.QgroupID]btrfs.Usage{}, kids: map[string]int64{}}
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(p.top.Fd()), &st); err != nil {
		return nil, fmt.Errorf("free space of pool %s: %w", p.name, err)
	}
	sp.free = int64(st.Bavail) * st.Bsize
	if p.store.pool.Quota == btrfs.QuotaNone {
		return sp, nil
	}
	var err error
	if sp.usages, err = btrfs.Usages(p.top); err != nil {
		return nil, err
	}
	for _, r := range p.store.byID {
		if r.isDataset() && p.simple() {
			sp.kids[dataset.Parent(r.Name)] += sp.used(r)
		}
	}
	if !p.simple() {
		sp.sumClassic()
	}
	return sp, nil
}

// sumClassic adds up used bytes bottom-up: classic pools have no groups.
func (sp *space) sumClassic() {
	for _, r := range sp.p.store.byID {
		for name := r.Name; ; {
			name = above(name)
			if name == "" {
				break
			}
			sp.kids[name] += int64(sp.usages[r.ownGroup()].Exclusive)
		}
	}
}

// used is what destroying r and everything below it would free, about.
func (sp *space) used(r *record) int64 {
	switch {
	case !r.isDataset():
		if sp.p.simple() || r.isBookmark() {
			return 0
		}
		return int64(sp.usages[r.ownGroup()].Exclusive)
	case sp.p.simple():
		return int64(sp.usages[r.group()].Referenced)
	}
	return int64(sp.usages[r.ownGroup()].Exclusive) + sp.kids[r.Name]
}

// own is used without the children.
func (sp *space) own(r *record) int64 {
	if sp.p.simple() {
		return max(0, sp.used(r)-sp.kids[r.Name])
	}
	return int64(sp.usages[r.ownGroup()].Exclusive)
}

func (sp *space) byDataset(r *record) int64 { return min(sp.own(r), sp.referenced(r)) }

func (sp *space) byChildren(r *record) int64 { return max(0, sp.used(r)-sp.own(r)) }

// referenced is what r can read. Simple quotas charge data to its writer, so
// what a clone shares is added as it was when the clone was made.
func (sp *space) referenced(r *record) int64 {
	if sp.p.simple() {
		if !r.isDataset() {
			return r.Base
		}
		return r.Base + int64(sp.usages[r.ownGroup()].Referenced)
	}
	return int64(sp.usages[r.ownGroup()].Referenced)
}

// available is what r may still write: the pool's free space or what the
// tightest quota on the way up leaves.
func (sp *space) available(r *record) int64 {
	free := sp.free
	if ref := r.number("refquota"); ref > 0 {
		free = min(free, ref-sp.referenced(r))
	}
	for name := r.Name; name != ""; name = dataset.Parent(name) {
		above := sp.p.store.byName[name]
		if above == nil {
			continue
		}
		if q := above.number("quota"); q > 0 {
			free = min(free, q-sp.charged(above))
		}
	}
	return max(0, free)
}

// charged is what counts against r's quota.
func (sp *space) charged(r *record) int64 {
	if sp.p.simple() {
		return sp.used(r)
	}
	return sp.referenced(r)
}
