package btrfs

import (
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// place is the name of the snapshot that a sent snapshot becomes.
func (x *receiver) place(sent string) (string, error) {
	of, snap, ok := dataset.SplitSnapshot(sent)
	if !ok {
		return "", dataset.As(dataset.ErrBadName, "the stream is of %.300q, which is no snapshot", sent)
	}
	if err := dataset.CheckName(sent, dataset.Snapshot); err != nil {
		return "", err
	}
	into := x.target
	switch top := x.top(of); {
	case x.o.WholePath:
		_, rest, below := strings.Cut(of, "/")
		if below {
			into += "/" + rest
		}
	case x.o.LastName:
		into += "/" + top[strings.LastIndexByte(top, '/')+1:] + strings.TrimPrefix(of, top)
	case of != top:
		base, _, _ := dataset.SplitSnapshot(into)
		into = base + strings.TrimPrefix(of, top)
	}
	if _, _, given := dataset.SplitSnapshot(into); !given {
		into += "@" + snap
	}
	return into, dataset.CheckName(into, dataset.Snapshot)
}

// top is the topmost dataset of a compound stream, or that of a plain one.
func (x *receiver) top(of string) string {
	if x.header != nil {
		return x.header.top
	}
	return of
}

// compound is the header of a compound stream.
type compound struct {
	top    string
	byGUID map[uint64]sentDataset // by the guid of a snapshot of it
	tosnap string
}

// sentDataset is what the header says of one dataset.
type sentDataset struct {
	name      string
	props     zstream.Nvlist
	snapProps zstream.Nvlist
}

// open reads the header of a compound stream. What it does not say properly
// is only missing: the streams speak for themselves.
func (x *receiver) open(begin *zstream.Begin) {
	c := &compound{byGUID: map[uint64]sentDataset{}}
	c.top, c.tosnap, _ = dataset.SplitSnapshot(begin.ToName)
	fss, _ := begin.Nvlist["fss"].(zstream.Nvlist)
	for _, fs := range fss {
		fs, _ := fs.(zstream.Nvlist)
		d := sentDataset{}
		d.name, _ = fs["name"].(string)
		d.props, _ = fs["props"].(zstream.Nvlist)
		d.snapProps, _ = fs["snapprops"].(zstream.Nvlist)
		snaps, _ := fs["snaps"].(zstream.Nvlist)
		for _, guid := range snaps {
			if guid, ok := guid.(uint64); ok {
				c.byGUID[guid] = d
			}
		}
	}
	x.header = c
}
