package btrfs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// plan decides which snapshots are sent, in which order.
func (s *sending) plan(name string) error {
	if s.resume != nil {
		return s.planResume()
	}
	if err := dataset.CheckName(name, dataset.Snapshot); err != nil {
		return dataset.Cannot("send", name, errors.New("it is no snapshot"))
	}
	var err error
	if s.top, err = s.p.find(name); err != nil {
		return err
	}
	of, snap := split(name)
	from, err := s.from(of)
	if err != nil {
		return err
	}
	s.wraps = s.o.Replicate || s.o.Props || s.o.Holds || s.o.Intermediates
	if !s.o.Replicate {
		err = s.planDataset(s.p.store.byName[of], s.top, from)
		if err == nil && (s.o.Props || s.o.Holds) {
			s.header = s.describe([]*record{s.p.store.byName[of]}, snap, from)
			s.header["not_recursive"] = true
		}
		return err
	}
	return s.planAll(of, snap, from)
}

func split(name string) (of, snap string) {
	of, snap, _ = dataset.SplitSnapshot(name)
	return of, snap
}

// from is the snapshot that the stream starts at: @snap, the whole name, or a
// bookmark of one that is still there.
func (s *sending) from(of string) (*record, error) {
	if s.o.From == "" {
		return nil, nil
	}
	name := s.o.From
	if strings.HasPrefix(name, "@") || strings.HasPrefix(name, "#") {
		name = of + name
	} else if !strings.ContainsAny(name, "@#") {
		name = of + "@" + name
	}
	r := s.p.store.byName[name]
	if r == nil {
		return nil, dataset.Cannot("open", name, dataset.ErrNotFound)
	}
	if !r.isSnapshot() {
		for _, snap := range s.p.store.snapshots(of) {
			if snap.GUID == r.GUID {
				return snap, nil
			}
		}
		return nil, dataset.As(dataset.ErrUnsupported,
			"cannot send '%s': the snapshot of bookmark %s is gone: what changed since cannot be told on this backend", s.top.Name, name)
	}
	if r.TXG > s.top.TXG || r.ID == s.top.ID {
		return nil, fmt.Errorf("cannot send '%s': not an earlier snapshot from the same fs", s.top.Name)
	}
	return r, nil
}

// isBefore reports whether a snapshot is one that a dataset's state grew from.
func (s *sending) isBefore(from, to *record) bool {
	for of, _ := split(to.Name); ; {
		if slices.Contains(s.p.store.snapshots(of), from) {
			return true
		}
		origin := s.p.store.byID[s.p.store.byName[of].Origin]
		if origin == nil {
			return false
		}
		of, _ = split(origin.Name)
	}
}

// planDataset adds what is sent of one dataset, up to a snapshot.
func (s *sending) planDataset(d, to, from *record) error {
	if from != nil && !s.isBefore(from, to) {
		return fmt.Errorf("cannot send '%s': not an earlier snapshot from the same fs", to.Name)
	}
	all := s.o.Intermediates
	if s.o.Replicate && (s.o.From == "" || from == nil || !strings.HasPrefix(from.Name, d.Name+"@")) {
		all = true // a dataset that the receiver does not have
	}
	last := from
	for _, snap := range s.p.store.snapshots(d.Name) {
		switch {
		case snap == to:
			s.add(d, snap, last)
			return nil
		case all && (from == nil || snap.TXG > from.TXG):
			s.add(d, snap, last)
			last = snap
		}
	}
	return dataset.Cannot("send", to.Name, dataset.ErrNotFound)
}

// add adds one snapshot after another, or the first of a clone after its
// origin when that is asked for.
func (s *sending) add(d, snap, from *record) {
	x := part{to: snap, from: from}
	if from != nil {
		of, _ := split(from.Name)
		x.clone = of != d.Name
	}
	s.parts = append(s.parts, x)
}

// planAll adds all datasets from one on, clones after what they were made of.
func (s *sending) planAll(top, snap string, from *record) error {
	all := s.p.store.all(func(r *record) bool {
		return r.isDataset() && (r.Name == top || strings.HasPrefix(r.Name, top+"/"))
	})
	sent := map[int64]bool{}
	var order []*record
	for len(all) > 0 {
		before := len(all)
		all = slices.DeleteFunc(all, func(d *record) bool {
			origin := s.p.store.byID[d.Origin]
			if origin != nil {
				of, _ := split(origin.Name)
				if slices.Contains(all, s.p.store.byName[of]) && !sent[s.p.store.byName[of].ID] {
					return false
				}
			}
			sent[d.ID] = true
			order = append(order, d)
			return true
		})
		if len(all) == before {
			return errors.New("clones that were made of each other cannot be sent")
		}
	}
	var described []*record
	for _, d := range order {
		to := s.p.store.byName[d.Name+"@"+snap]
		if to == nil {
			s.tell(dataset.Sent{To: d.Name, Notes: []string{"left out, since it has no snapshot @" + snap}})
			continue
		}
		described = append(described, d)
		start := s.startOf(d, from, sent)
		if err := s.planDataset(d, to, start); err != nil {
			return err
		}
	}
	s.header = s.describe(described, snap, from)
	return nil
}

// startOf is what one dataset of many starts from: its own snapshot of the
// name that was given, or the origin that is sent too.
func (s *sending) startOf(d, from *record, sent map[int64]bool) *record {
	if from != nil {
		_, name := split(from.Name)
		if own := s.p.store.byName[d.Name+"@"+name]; own != nil {
			return own
		}
	}
	if origin := s.p.store.byID[d.Origin]; origin != nil {
		of, _ := split(origin.Name)
		if sent[s.p.store.byName[of].ID] && s.isReceived(origin) == s.isReceived(first(s.p.store.snapshots(d.Name))) {
			return origin
		}
	}
	return nil
}

// first is the oldest of a dataset's snapshots.
func first(snaps []*record) *record {
	if len(snaps) == 0 {
		return nil
	}
	return snaps[0]
}

// isReceived reports whether a snapshot came as a stream and is sent with the
// objects that it came as.
func (s *sending) isReceived(r *record) bool {
	if r == nil || s.isRenumbered(r) {
		return false
	}
	return s.hasObjects(r)
}

// isRenumbered reports whether a snapshot is sent with objects of our own
// although it was received: when all of a dataset is sent and some of its
// snapshots were taken here, the stream has one kind of number throughout.
func (s *sending) isRenumbered(r *record) bool {
	of, _ := split(r.Name)
	if s.o.From != "" || s.resume != nil {
		return s.renumbered
	}
	for _, x := range s.parts {
		if name, _ := split(x.to.Name); name == of && !s.hasObjects(x.to) {
			return true
		}
	}
	return false
}

// guid is a snapshot's in the stream. With other objects it is another snapshot
// to whoever receives it, since no increment of the first one fits it.
func (s *sending) guid(r *record) uint64 {
	if s.isRenumbered(r) && s.hasObjects(r) {
		return otherGUID(r.GUID)
	}
	return r.GUID
}

// otherGUID is one that follows from a guid.
func otherGUID(guid uint64) uint64 { return (guid ^ 0x9e3779b97f4a7c15) | 1 }

// hasObjects reports whether a snapshot came as a stream.
func (s *sending) hasObjects(r *record) bool {
	dir, err := s.p.openObjects(r.ID, false)
	if err == nil {
		dir.Close()
	}
	return err == nil
}

// describe is the header of a compound stream.
func (s *sending) describe(datasets []*record, snap string, from *record) zstream.Nvlist {
	fss := zstream.Nvlist{}
	for _, d := range datasets {
		fs := zstream.Nvlist{"name": d.Name, "parentfromsnap": uint64(0), "props": sendProps(d)}
		if parent := s.p.store.byName[dataset.Parent(d.Name)+"@"+snap]; parent != nil && slices.ContainsFunc(datasets, func(x *record) bool { return x.Name == dataset.Parent(d.Name) }) {
			fs["parentfromsnap"] = s.guid(parent)
		}
		if origin := s.p.store.byID[d.Origin]; origin != nil && s.isReceived(origin) == s.isReceived(first(s.p.store.snapshots(d.Name))) {
			fs["origin"] = s.guid(origin)
		}
		snaps, props, holds := zstream.Nvlist{}, zstream.Nvlist{}, zstream.Nvlist{}
		for _, r := range s.p.store.snapshots(d.Name) {
			_, name := split(r.Name)
			snaps[name], props[name] = s.guid(r), sendProps(r)
			held := zstream.Nvlist{}
			for tag, when := range r.Holds {
				held[tag] = uint64(when)
			}
			holds[name] = held
			if name == snap {
				break
			}
		}
		fs["snaps"], fs["snapprops"] = snaps, props
		if s.o.Holds {
			fs["snapholds"] = holds
		}
		fss["0x"+strconv.FormatUint(d.GUID, 16)] = fs
	}
	header := zstream.Nvlist{"tosnap": snap, "fss": fss}
	if from != nil {
		_, header["fromsnap"] = split(from.Name)
	}
	return header
}

// planResume finds the snapshots that a token names.
func (s *sending) planResume() error {
	s.top = s.findGUID(s.resume.ToGUID, s.resume.ToName)
	if s.top == nil {
		return dataset.As(dataset.ErrNotFound, "cannot resume send: '%s' is no longer the same snapshot used in the initial send", s.resume.ToName)
	}
	x := part{to: s.top}
	if s.resume.FromGUID != 0 {
		if x.from = s.findGUID(s.resume.FromGUID, s.top.Name); x.from == nil {
			return dataset.As(dataset.ErrNotFound, "cannot resume send: incremental source %#x no longer exists", s.resume.FromGUID)
		}
		of, _ := split(x.from.Name)
		own, _ := split(s.top.Name)
		x.clone = of != own
	}
	s.parts = []part{x}
	return nil
}

// findGUID finds a snapshot by its guid in a stream, of several the one of the
// dataset that near is of.
func (s *sending) findGUID(guid uint64, near string) *record {
	of, _ := split(near)
	var found *record
	for _, r := range s.p.store.byID {
		if r.isSnapshot() && (r.GUID == guid || otherGUID(r.GUID) == guid) && (found == nil || strings.HasPrefix(r.Name, of+"@")) {
			found = r
		}
	}
	s.renumbered = s.renumbered || found != nil && found.GUID != guid
	return found
}
