package btrfs

import (
	"maps"
	"strconv"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// record is one dataset or snapshot as the pool stores it.
type record struct {
	ID      int64             `json:"id"`               // never changes, never used again
	Name    string            `json:"name"`             // zones/a, zones/a@s
	Type    dataset.Type      `json:"type"`             //
	Tree    int64             `json:"tree"`             // its subvolume is trees/TREE
	Subvol  uint64            `json:"subvol"`           // that subvolume's id
	GUID    uint64            `json:"guid,string"`      //
	TXG     uint64            `json:"txg"`              // transaction it was made in
	Created int64             `json:"created"`          // seconds since 1970
	Origin  int64             `json:"origin,omitempty"` // snapshot it was cloned from
	Base    int64             `json:"base,omitempty"`   // bytes that its subvolume had when it was cloned or snapshot
	Props   map[string]string `json:"props,omitempty"`

	Received map[string]string `json:"received,omitempty"` // properties that a stream brought along
	Holds    map[string]int64  `json:"holds,omitempty"`    // of a snapshot: tag and when it was given
	Promised bool              `json:"promised,omitempty"` // its subvolume may not be there: see tail.go
	Deferred bool              `json:"deferred,omitempty"` // a snapshot that goes with its last hold and clone

	hidden bool // not to be mounted by this command
}

// clone is a copy to change: records in a store are never written to.
func (r *record) clone() *record {
	c := *r
	c.Props, c.Received, c.Holds = maps.Clone(r.Props), maps.Clone(r.Received), maps.Clone(r.Holds)
	return &c
}

func (r *record) treeName() string { return strconv.FormatInt(r.Tree, 10) }

func (r *record) isSnapshot() bool { return r.Type == dataset.Snapshot }

// isBookmark reports whether r only remembers a snapshot and has no subvolume.
func (r *record) isBookmark() bool { return r.Type == dataset.Bookmark }

// isDataset reports whether r is a filesystem or a volume.
func (r *record) isDataset() bool { return !r.isSnapshot() && !r.isBookmark() }

func (r *record) set(prop, value string) {
	if r.Props == nil {
		r.Props = make(map[string]string)
	}
	r.Props[prop] = value
}

// number is a stored numeric property, 0 when it is not set.
func (r *record) number(prop string) int64 {
	v, _ := r.own(prop)
	n, _ := strconv.ParseInt(v.Value, 10, 64) // checked when it was set
	return n
}
