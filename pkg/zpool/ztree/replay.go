package ztree

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// Replay writes the objects of a snapshot that was received as they came, with
// the numbers that others know them by: streams from the first sender and from
// here fit each other.
type Replay struct {
	Out     zstream.Tree
	To      Snapshot
	Objects *Table
	// From is an earlier snapshot, received too; nil for all.
	From        *Snapshot
	FromObjects *Table
	Resume      struct{ Object, Offset uint64 }

	ctx     context.Context
	changed []uint64 // inodes, of an incremental stream
}

// Features is the bits that a stream of these objects needs.
func (r *Replay) Features() (uint64, error) {
	const largeBlocks, largeDnode = 1 << 19, 1 << 23
	var bits uint64
	for number, err := r.Objects.Next(1); number != 0 || err != nil; number, err = r.Objects.Next(number + 1) {
		if err != nil {
			return 0, err
		}
		n, err := r.Objects.load(number)
		if err != nil {
			return 0, err
		}
		if n.BlockSize > zstream.RecordSize {
			bits |= largeBlocks
		}
		if n.Slots > 1 {
			bits |= largeDnode
		}
	}
	return bits, nil
}

// Send writes all objects; BEGIN and END are the caller's.
func (r *Replay) Send(ctx context.Context) error {
	r.ctx = ctx
	if r.From != nil {
		var err error
		if r.changed, err = r.To.changed(r.From.Made + 1); err != nil {
			return err
		}
	}
	var last uint64
	for number := r.Resume.Object; ; {
		next, err := r.next(max(number, 1))
		if err != nil || next == 0 {
			if err == nil && r.From == nil {
				r.Out.FreeObjects(last+1, math.MaxUint64-last-1)
			}
			return err
		}
		if err := r.one(next); err != nil {
			return err
		}
		last, number = next, next+1
	}
}

// next is the first object of either snapshot from one on.
func (r *Replay) next(from uint64) (uint64, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	number, err := r.Objects.Next(from)
	if err != nil || r.FromObjects == nil {
		return number, err
	}
	before, err := r.FromObjects.Next(from)
	if number == 0 || before != 0 && before < number {
		number = before
	}
	return number, err
}

// one writes an object, or what changed of it.
func (r *Replay) one(number uint64) error {
	now, err := r.Objects.load(number)
	if err != nil {
		return err
	}
	var before *node
	if r.FromObjects != nil {
		if before, err = r.FromObjects.load(number); err != nil {
			return err
		}
	}
	switch {
	case now == nil && before != nil:
		r.Out.FreeObjects(number, 1)
		return nil
	case now == nil:
		return nil
	case before != nil:
		same, err := r.isSame(number, now, before)
		if err != nil || same {
			return err
		}
	}
	r.Out.Object(&zstream.Object{
		Number: number, Type: now.Kind, BonusType: now.BonusType, BlockSize: now.BlockSize,
		Slots: now.Slots, HasSpill: now.HasSpill, Bonus: now.Bonus,
	})
	if err := r.content(number, now, before); err != nil {
		return err
	}
	if !now.HasSpill {
		return nil
	}
	spill, err := r.Objects.Spill(number)
	if err == nil {
		r.Out.Spill(number, spill)
	}
	return err
}

// isSame reports whether nothing of an object changed.
func (r *Replay) isSame(number uint64, now, before *node) (bool, error) {
	if now.Kind != before.Kind || now.BonusType != before.BonusType || now.BlockSize != before.BlockSize ||
		now.Slots != before.Slots || now.HasSpill != before.HasSpill || now.End != before.End ||
		now.inode != before.inode || !bytes.Equal(now.Bonus, before.Bonus) {
		return false, nil
	}
	if now.HasSpill {
		a, err := r.Objects.Spill(number)
		if err != nil {
			return false, err
		}
		b, err := r.FromObjects.Spill(number)
		if err != nil || !bytes.Equal(a, b) {
			return false, err
		}
	}
	if now.isBody() {
		_, changed := slices.BinarySearch(r.changed, now.inode)
		return !changed, nil
	}
	var a, b [copyStep]byte
	for off := int64(0); off < now.End; off += copyStep {
		if err := errors.Join(r.Objects.readContent(now, a[:], off), r.FromObjects.readContent(before, b[:], off)); err != nil {
			return false, err
		}
		if a != b {
			return false, nil
		}
	}
	return true, nil
}

// content writes an object's blocks: those that differ when the receiver has
// it with blocks of that size, else all.
func (r *Replay) content(number uint64, now, before *node) error {
	blocks := newBlockSet(now.End, int64(now.BlockSize))
	keeps := before != nil && before.Kind == now.Kind && before.BlockSize == now.BlockSize && before.inode == now.inode
	if before != nil && (!keeps || before.End > now.End) {
		from := int64(0)
		if keeps {
			from = blocks.count * blocks.size
		}
		if number != r.Resume.Object || r.Resume.Offset == 0 {
			r.Out.Free(number, from, -1)
		}
	}
	read := func(p []byte, off int64) error { return r.Objects.readContent(now, p, off) }
	if !now.isBody() {
		blocks.add(0, now.End)
		return r.blocks(number, now, blocks, read, keeps)
	}
	file, err := r.To.read(now.inode)
	if err != nil {
		return err
	}
	if file == nil { // its last name went while it was open
		return nil
	}
	if keeps {
		was, err := r.From.read(now.inode)
		if err != nil {
			return err
		}
		if was == nil {
			was = new(inode)
		}
		differ(file.extents, was.extents, blocks.add)
	} else {
		for _, e := range file.extents {
			blocks.add(e.start, e.start+e.length)
		}
	}
	f, err := r.To.open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	read = func(p []byte, off int64) error {
		got, err := f.ReadAt(p, off)
		clear(p[got:])
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
	return r.blocks(number, now, blocks, read, keeps)
}

func (r *Replay) blocks(number uint64, n *node, set *blockSet, read func([]byte, int64) error, holes bool) error {
	buf := make([]byte, set.size)
	return set.each(func(off int64) error {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if number == r.Resume.Object && uint64(off) < r.Resume.Offset {
			return nil
		}
		if r.Out.Counting() && n.isBody() {
			r.Out.Write(number, n.Kind, off, buf)
			return nil
		}
		if err := read(buf, off); err != nil {
			return err
		}
		r.Out.Block(number, n.Kind, off, buf, holes)
		return nil
	})
}
