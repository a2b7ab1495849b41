package ztree

import (
	"context"
	"errors"
	"io"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// Index fills an empty table with the objects that a snapshot which was taken
// here is sent as, so that an increment of it can be received on top of it.
// The content of files stays where it is.
func Index(ctx context.Context, of Snapshot, t *Table, volume bool) error {
	r, w := io.Pipe()
	defer r.Close() // ends the sender, too
	go func() { w.CloseWithError(sendSkeleton(ctx, of, w, volume)) }()
	records := zstream.NewReader(r)
	rec, err := records.Next()
	if err != nil {
		return err
	}
	begin, ok := rec.(*zstream.Begin)
	if !ok {
		return errTable
	}
	if err := zstream.NewReceiver(indexStore{t}).Apply(records, begin); err != nil {
		return err
	}
	if volume {
		n, err := of.volume()
		if err != nil {
			return err
		}
		return t.point(volumeObject, n)
	}
	return of.each(func(n *inode) error { return t.point(n.number, n) })
}

// point notes which file an object is.
func (t *Table) point(number uint64, file *inode) error {
	n, err := t.load(number)
	if err != nil {
		return err
	}
	if n == nil {
		return errTable
	}
	n.inode, n.igen, n.fmt, n.size = file.number, file.generation, uint8(file.mode>>12), -1
	if file.isRegular() {
		n.size = int64(file.size)
		n.End = (n.size + int64(n.BlockSize) - 1) / int64(n.BlockSize) * int64(n.BlockSize)
	}
	return t.store(number, n)
}

// sendSkeleton writes all of a snapshot but the content of its files.
func sendSkeleton(ctx context.Context, of Snapshot, w io.Writer, volume bool) error {
	out := zstream.NewWriter(w)
	begin := &zstream.Begin{Kind: zstream.FilesystemSet, Flags: zstream.FlagFree | zstream.FlagSpillBlock, ToGUID: 1, ToName: "index@index"}
	if volume {
		begin.Kind = zstream.VolumeSet
	}
	if err := out.Begin(begin); err != nil {
		return err
	}
	s := Sender{Out: zstream.Tree{Writer: out}, To: of, skeleton: true}
	err := error(nil)
	if volume {
		err = s.Volume(ctx, leastBlock)
	} else {
		err = s.Send(ctx)
	}
	if err != nil {
		return err
	}
	out.End()
	return out.Flush()
}

// leastBlock is the size of a volume's blocks as far as an index goes: each
// record of a stream says where it belongs.
const leastBlock = 8 << 10

// indexStore takes in what is no content of files.
type indexStore struct{ *Table }

// Create empties an object.
func (s indexStore) Create(number uint64) error {
	n, err := s.load(number)
	if err != nil || n == nil {
		return err
	}
	n.content = extent{}
	return s.store(number, n)
}

// WriteAt keeps content.
func (s indexStore) WriteAt(number uint64, p []byte, off int64) error {
	n, err := s.load(number)
	if err != nil {
		return err
	}
	if n == nil {
		return errTable
	}
	return s.writeContent(number, n, p, off)
}

// ReadAt fills p from what was kept.
func (s indexStore) ReadAt(number uint64, p []byte, off int64) error {
	n, err := s.load(number)
	if err != nil || n == nil {
		return err
	}
	return s.readContent(n, p, off)
}

// Punch has nothing to do in a stream of a new dataset.
func (s indexStore) Punch(uint64, int64, int64, int64) error { return nil }

// Remove does not occur in a stream of a new dataset.
func (s indexStore) Remove(uint64) error { return errors.ErrUnsupported }
