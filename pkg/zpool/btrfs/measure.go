package btrfs

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Simple quotas say what was written where. What a dataset shows of that, and
// how well it is compressed, only its own tree can tell: that is walked over
// when, and only when, a property asks for it.

// contentKey is one walk over a subvolume's tree.
type contentKey struct{ subvol, since uint64 }

// contentOf sums a subvolume's content, or what it got after a transaction.
func (d *describer) contentOf(subvol, since uint64) (btrfs.Content, error) {
	key := contentKey{subvol, since}
	if c, ok := d.content[key]; ok {
		return c, nil
	}
	c, err := btrfs.ContentOf(d.p.top, subvol, since)
	if errors.Is(err, os.ErrNotExist) { // removed behind our back: it can only be destroyed
		err = nil
	}
	if err != nil {
		return c, fmt.Errorf("content of a dataset: %w", err)
	}
	if d.content == nil {
		d.content = make(map[contentKey]btrfs.Content)
	}
	d.content[key] = c
	return c, nil
}

// measured is a property that is a number of bytes, or a ratio of two.
func (d *describer) measured(r *record, name string) (string, error) {
	switch name {
	case "compressratio", "refcompressratio":
		ratio, err := d.ratio(r)
		return strconv.FormatFloat(ratio, 'f', 2, 64), err
	}
	n, err := d.bytes(r, name)
	return strconv.FormatInt(n, 10), err
}

func (d *describer) bytes(r *record, name string) (int64, error) {
	sp, err := d.space()
	if err != nil {
		return 0, err
	}
	switch name {
	case "used":
		return sp.used(r), nil
	case "available":
		return sp.available(r), nil
	case "referenced":
		return sp.referenced(r), nil
	case "usedbydataset":
		return d.byDataset(r)
	case "usedbysnapshots":
		own, err := d.byDataset(r)
		return sp.own(r) - own, err
	case "usedbychildren":
		return sp.byChildren(r), nil
	case "written":
		return d.written(r)
	case "logicalused":
		return d.logical(r, sp.used(r))
	case "logicalreferenced":
		return d.logical(r, sp.referenced(r))
	}
	return 0, nil // usedbyrefreservation: what is reserved is allocated
}

func (d *describer) space() (*space, error) {
	if d.sp == nil {
		sp, err := d.p.space()
		if err != nil {
			return nil, err
		}
		d.sp = sp
	}
	return d.sp, nil
}

// ratio is how much smaller compression makes the data that r shows.
func (d *describer) ratio(r *record) (float64, error) {
	if r.isBookmark() {
		return 1, nil
	}
	c, err := d.contentOf(r.Subvol, 0)
	if err != nil || c.Disk <= 0 || c.Logical <= c.Disk {
		return 1, err
	}
	return float64(c.Logical) / float64(c.Disk), nil
}

func (d *describer) logical(r *record, n int64) (int64, error) {
	ratio, err := d.ratio(r)
	return int64(float64(n) * ratio), err
}

// treeBlock is the size of the kernel's tree blocks, and leafFill how full they
// are, about.
const (
	treeBlock = 16 << 10
	leafFill  = 0.7
)

// byDataset is what would be freed of r's own space if its snapshots were gone
// and then r: all of it when there is no snapshot, else what it shows and did
// not get from its origin.
func (d *describer) byDataset(r *record) (int64, error) {
	sp, err := d.space()
	if err != nil || !d.p.simple() || len(d.snapshots(r.Name)) == 0 {
		return sp.byDataset(r), err
	}
	since := uint64(0)
	if origin := d.p.store.byID[r.Origin]; origin != nil {
		since = origin.TXG
	}
	c, err := d.contentOf(r.Subvol, since)
	blocks := int64(float64(c.Metadata)/leafFill)/treeBlock + 1
	return min(sp.own(r), c.Disk+blocks*treeBlock), err
}

// snapshots of a dataset, oldest first.
func (d *describer) snapshots(name string) []*record {
	if d.snaps == nil {
		d.snaps = make(map[string][]*record)
		for _, s := range d.p.store.all((*record).isSnapshot) {
			of, _ := dataset.Base(s.Name)
			d.snaps[of] = append(d.snaps[of], s)
		}
	}
	return d.snaps[name]
}

// written is what came since the snapshot before.
func (d *describer) written(r *record) (int64, error) {
	of, _ := dataset.Base(r.Name)
	before := d.p.store.byID[r.Origin]
	for _, s := range d.snapshots(of) {
		if s == r {
			break
		}
		before = s
	}
	return d.since(r, before)
}

// since is the data that r has and before did not.
func (d *describer) since(r, before *record) (int64, error) {
	if r.isBookmark() {
		return 0, nil
	}
	if before == nil {
		sp, err := d.space()
		if err != nil {
			return 0, err
		}
		return sp.referenced(r), nil
	}
	c, err := d.contentOf(r.Subvol, before.TXG)
	return c.Disk, err
}

// writtenSince is written@SNAPSHOT, or with a # before the name of a bookmark.
func (d *describer) writtenSince(r *record, name string) (dataset.Prop, error) {
	of, _ := dataset.Base(r.Name)
	if !strings.ContainsAny(name, "@#") {
		name = "@" + name
	}
	if strings.HasPrefix(name, "@") || strings.HasPrefix(name, "#") {
		name = of + name
	}
	before := d.p.store.byName[name]
	if before == nil || before.isDataset() || !r.isDataset() && before.TXG > r.TXG {
		return missing, nil
	}
	n, err := d.since(r, before)
	return dataset.Prop{Value: strconv.FormatInt(n, 10), Source: sourceNone}, err
}
