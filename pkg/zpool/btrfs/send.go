package btrfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
	"github.com/smartbox-os/smartbox/pkg/zpool/ztree"
)

// Send writes a snapshot, or several, as a ZFS send stream.
func (b *Backend) Send(ctx context.Context, snapshot string, dst io.Writer, o dataset.SendOptions) error {
	s := &sending{b: b, o: o, out: zstream.NewWriter(dst)}
	if o.Token != "" {
		t, err := zstream.ParseToken(o.Token)
		if err != nil {
			return dataset.As(err, "cannot resume send: %v", err)
		}
		s.resume, snapshot = &t, t.ToName
	}
	p, err := b.read(ctx, dataset.PoolOf(snapshot))
	if err != nil {
		return dataset.Cannot("open", snapshot, err)
	}
	defer p.close()
	s.p = p
	if err := s.plan(snapshot); err != nil {
		return err
	}
	if o.Estimate || o.DryRun {
		if err := s.estimate(ctx); err != nil || o.DryRun {
			return err
		}
	}
	if err := s.send(ctx); err != nil {
		return dataset.As(err, "warning: cannot send '%s': %v", snapshot, err)
	}
	return nil
}

// sending is a Send at work.
type sending struct {
	b      *Backend
	p      *pool
	o      dataset.SendOptions
	out    *zstream.Writer
	resume *zstream.Token
	// The stream that is resumed had other objects than those of what was received.
	renumbered bool

	top    *record        // the snapshot that was named
	header zstream.Nvlist // of a compound stream; nil in a plain one
	wraps  bool           // it is a compound stream
	parts  []part
}

// part is the stream of one snapshot.
type part struct {
	to, from *record // from is nil in a full stream
	clone    bool    // from is the origin of to's dataset
}

func (s *sending) tell(x dataset.Sent) {
	if s.o.Report != nil {
		s.o.Report(x)
	}
}

// estimate tells the exact size of every part but for blocks of zeros, which
// only reading would tell from others.
func (s *sending) estimate(ctx context.Context) error {
	var total int64
	for _, part := range s.parts {
		counter := zstream.NewCounter()
		if _, err := s.part(ctx, counter, part); err != nil {
			return err
		}
		total += counter.Written()
		x := dataset.Sent{To: part.to.Name, Bytes: counter.Written()}
		if part.from != nil {
			x.From = part.from.Name
		}
		s.tell(x)
	}
	s.tell(dataset.Sent{Bytes: total})
	return nil
}

func (s *sending) send(ctx context.Context) error {
	if s.wraps {
		begin := &zstream.Begin{Compound: true, ToName: s.top.Name, Nvlist: s.header}
		if s.o.Holds {
			begin.Features |= 1 << 26
		}
		if err := s.out.Begin(begin); err != nil {
			return err
		}
		s.out.End()
	}
	for _, part := range s.parts {
		notes, err := s.part(ctx, s.out, part)
		if err != nil {
			return fmt.Errorf("%s: %w", part.to.Name, err)
		}
		if notes != nil {
			s.tell(dataset.Sent{To: part.to.Name, Notes: notes})
		}
	}
	if s.wraps {
		s.out.EndAll()
	}
	return s.out.Flush()
}

// part writes the stream of one snapshot.
func (s *sending) part(ctx context.Context, out *zstream.Writer, x part) ([]string, error) {
	begin := &zstream.Begin{
		Creation: uint64(x.to.Created), Kind: zstream.FilesystemSet, Flags: zstream.FlagFree | zstream.FlagSpillBlock,
		Features: 1 << 2, ToGUID: s.guid(x.to), ToName: x.to.Name,
	}
	of, _ := dataset.Base(x.to.Name)
	volume := s.p.store.byName[of].Type == dataset.Volume
	if volume {
		begin.Kind, begin.Features = zstream.VolumeSet, 0
	}
	if x.from != nil {
		begin.FromGUID = s.guid(x.from)
		if x.clone {
			begin.Flags |= zstream.FlagClone
		}
	}
	if s.resume != nil {
		begin.Features |= 1 << 20
		begin.Nvlist = zstream.Nvlist{"resume_object": s.resume.Object, "resume_offset": s.resume.Offset}
	}
	replay, err := s.replay(out, x)
	if err != nil {
		return nil, err
	}
	if replay != nil {
		defer replay.close()
		return nil, replay.send(ctx, begin)
	}
	sender := ztree.Sender{Out: zstream.Tree{Writer: out}, To: *s.tree(x.to)}
	if x.from != nil {
		sender.From = s.tree(x.from)
	}
	if s.resume != nil {
		sender.Resume.Object, sender.Resume.Offset = s.resume.Object, s.resume.Offset
	}
	if err := out.Begin(begin); err != nil {
		return nil, err
	}
	if volume {
		err = sender.Volume(ctx, uint32(max(s.p.store.byName[of].number("volblocksize"), 8<<10)))
	} else {
		err = sender.Send(ctx)
	}
	if err != nil {
		return nil, err
	}
	out.End()
	if sender.Nested > 0 {
		return []string{fmt.Sprintf("left out %d subvolumes that were made inside: they are no part of the snapshot", sender.Nested)}, out.Flush()
	}
	return nil, out.Flush()
}

// tree is a snapshot's subvolume.
func (s *sending) tree(r *record) *ztree.Snapshot {
	return &ztree.Snapshot{Dir: s.p.trees, Subvol: r.Subvol, Made: r.TXG}
}

// replaying is the stream of a snapshot that was received.
type replaying struct {
	ztree.Replay
	tables []*ztree.Table
}

// replay sends a snapshot that was received with the objects that it came as;
// nil when it was taken here. What follows a received snapshot here has other
// objects, which nobody who has that one could take for the same files.
func (s *sending) replay(out *zstream.Writer, x part) (*replaying, error) {
	to, err := s.table(x.to)
	if err != nil {
		return nil, err
	}
	r := &replaying{}
	r.keep(to)
	if x.from != nil {
		from, err := s.table(x.from)
		if err != nil {
			r.close()
			return nil, err
		}
		r.keep(from)
		if (to == nil) != (from == nil) {
			r.close()
			return nil, errors.New("one of " + x.from.Name + " and " + x.to.Name +
				" was received as a stream and the other taken here: send all of the newer one first")
		}
		r.From, r.FromObjects = s.tree(x.from), from
	}
	if to == nil {
		return nil, nil
	}
	r.Out, r.To, r.Objects = zstream.Tree{Writer: out}, *s.tree(x.to), to
	if s.resume != nil {
		r.Resume.Object, r.Resume.Offset = s.resume.Object, s.resume.Offset
	}
	return r, nil
}

func (r *replaying) keep(t *ztree.Table) {
	if t != nil {
		r.tables = append(r.tables, t)
	}
}

func (r *replaying) close() {
	for _, t := range r.tables {
		t.Release()
	}
}

func (r *replaying) send(ctx context.Context, begin *zstream.Begin) error {
	features, err := r.Features()
	if err != nil {
		return err
	}
	begin.Features |= features
	if err := r.Out.Begin(begin); err != nil {
		return err
	}
	if err := r.Send(ctx); err != nil {
		return err
	}
	r.Out.End()
	return r.Out.Flush()
}

// table opens the table of a snapshot that was received, nil when it was not.
func (s *sending) table(r *record) (*ztree.Table, error) {
	if s.isRenumbered(r) {
		return nil, nil
	}
	dir, err := s.p.openObjects(r.ID, false)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return ztree.OpenTable(dir)
}
