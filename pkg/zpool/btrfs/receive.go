package btrfs

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// Receive makes datasets and snapshots of a ZFS send stream. Each snapshot of
// it comes into a subvolume that nobody sees, and appears when it is whole.
func (b *Backend) Receive(ctx context.Context, target string, src io.Reader, o dataset.ReceiveOptions) error {
	if err := checkTarget(target, o); err != nil {
		return dataset.Cannot("receive", target, err)
	}
	counted := &countingReader{ctx: ctx, r: src}
	x := &receiver{b: b, target: target, o: o, src: counted, records: zstream.NewReader(counted)}
	for {
		rec, err := x.records.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return dataset.As(err, "cannot receive: %v", err)
		}
		begin, ok := rec.(*zstream.Begin)
		switch {
		case !ok: // END of the header of a compound stream, or of all of it
		case begin.Compound:
			x.open(begin)
		default:
			err = x.one(ctx, begin)
		}
		if err != nil {
			return err
		}
	}
}

func checkTarget(target string, o dataset.ReceiveOptions) error {
	_, _, isSnap := dataset.SplitSnapshot(target)
	switch {
	case isSnap && (o.WholePath || o.LastName):
		return dataset.As(dataset.ErrBadName, "snapshot is not allowed together with -d or -e")
	case isSnap:
		return dataset.CheckName(target, dataset.Snapshot)
	}
	return dataset.CheckName(target, dataset.Filesystem)
}

// receiver is a Receive at work.
type receiver struct {
	b       *Backend
	target  string
	o       dataset.ReceiveOptions
	src     *countingReader
	records *zstream.Reader
	header  *compound // nil for a plain stream
}

// one takes in the stream of one snapshot.
func (x *receiver) one(ctx context.Context, begin *zstream.Begin) error {
	into, err := x.place(begin.ToName)
	if err != nil {
		return dataset.Cannot("receive", begin.ToName, err)
	}
	a := &arriving{receiver: x, begin: begin, snapshot: into}
	a.name, _, _ = dataset.SplitSnapshot(into)
	report := dataset.Received{
		Stream: begin.ToName, Into: into, Incremental: begin.FromGUID != 0 && begin.Flags&zstream.FlagClone == 0, DryRun: x.o.DryRun,
	}
	started, before := time.Now(), x.src.n
	err = a.prepare(ctx)
	if errors.Is(err, errHaveIt) {
		report.Ignored = true
		x.tell(report)
		return x.skip()
	}
	if err != nil {
		return a.word(err)
	}
	x.tell(report)
	if x.o.DryRun {
		return x.skip()
	}
	notes, err := a.take(ctx)
	if err != nil {
		return a.word(err)
	}
	report.Done, report.Bytes, report.Took, report.Notes = true, x.src.n-before, time.Since(started), notes
	x.tell(report)
	return nil
}

func (x *receiver) tell(r dataset.Received) {
	if x.o.Report != nil {
		x.o.Report(r)
	}
}

// skip reads to the end of one snapshot's stream.
func (x *receiver) skip() error {
	for {
		rec, err := x.records.Next()
		if err != nil {
			return dataset.As(err, "cannot receive: %v", err)
		}
		if _, end := rec.(*zstream.End); end {
			return nil
		}
	}
}

// countingReader counts what it reads until the context ends.
type countingReader struct {
	ctx context.Context
	r   io.Reader
	n   int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
