package ztree

import (
	"bytes"
	"math"
)

// blockSet is a set of the blocks of a file.
type blockSet struct {
	size  int64 // of a block
	count int64
	bits  []uint64
}

func newBlockSet(length, size int64) *blockSet {
	count := (length + size - 1) / size
	return &blockSet{size: size, count: count, bits: make([]uint64, (count+63)/64)}
}

// add adds the blocks that a range touches; beyond the file there are none.
func (b *blockSet) add(start, end int64) {
	last := min((end+b.size-1)/b.size, b.count)
	for i := start / b.size; i < last; i++ {
		b.bits[i/64] |= 1 << (i % 64)
	}
}

func (b *blockSet) empty() bool {
	for _, word := range b.bits {
		if word != 0 {
			return false
		}
	}
	return true
}

// each calls fn with the offset of each block.
func (b *blockSet) each(fn func(off int64) error) error {
	for i := range b.count {
		if b.bits[i/64]&(1<<(i%64)) != 0 {
			if err := fn(i * b.size); err != nil {
				return err
			}
		}
	}
	return nil
}

// differ calls fn for the ranges in which two states of a file do not have the
// same data at the same place on disk.
func differ(a, b []fileExtent, fn func(start, end int64)) {
	for at := int64(0); ; {
		x, y := covering(&a, at), covering(&b, at)
		end := min(x.end(at), y.end(at))
		if end == math.MaxInt64 && x.extent == nil && y.extent == nil {
			return
		}
		if !x.same(y, at) {
			fn(at, end)
		}
		at = end
	}
}

// piece is the extent that covers an offset, or the hole before the next.
type piece struct {
	extent *fileExtent
	next   int64 // where the hole ends
}

// covering drops extents that end before an offset and finds the piece there.
func covering(list *[]fileExtent, at int64) piece {
	for len(*list) > 0 && (*list)[0].start+(*list)[0].length <= at {
		*list = (*list)[1:]
	}
	if len(*list) == 0 {
		return piece{next: math.MaxInt64}
	}
	if first := &(*list)[0]; first.start <= at {
		return piece{extent: first}
	}
	return piece{next: (*list)[0].start}
}

func (p piece) end(int64) int64 {
	if p.extent != nil {
		return p.extent.start + p.extent.length
	}
	return p.next
}

// same reports whether two pieces are the same data at an offset.
func (p piece) same(q piece, at int64) bool {
	if p.extent == nil || q.extent == nil {
		return p.extent == q.extent
	}
	a, b := p.extent, q.extent
	if a.inline != nil || b.inline != nil {
		return a.start == b.start && a.length == b.length && a.packing == b.packing && bytes.Equal(a.inline, b.inline)
	}
	return a.disk == b.disk && a.packing == b.packing &&
		int64(a.skip)+at-a.start == int64(b.skip)+at-b.start
}
