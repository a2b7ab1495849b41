package zstream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

const (
	zapMicro     = 1<<63 + 3
	zapFat       = 1<<63 + 1
	zapLeaf      = 1 << 63
	zapFatMagic  = 0x2F52AB2AB
	zapLeafMagic = 0x2AB1EAF

	microEntry = 64
	leafHeader = 48
	leafChunk  = 24
	chunkBytes = 21 // of a leaf chunk that holds an array
	chunkEntry = 252
	chunkArray = 251
)

// zap reads the name-to-value table that an object holds: a directory, or
// one of the tables that describe a dataset.
type zap struct {
	blockSize int64
	end       int64 // nothing was written from here on
	read      func(p []byte, off int64) error
}

// zapValue is count integers of width bytes, big-endian.
type zapValue struct {
	width int
	data  []byte
}

// number is the value as the one integer that it should be.
func (v zapValue) number() (uint64, error) {
	if v.width != 8 || len(v.data) != 8 {
		return 0, fmt.Errorf("its value has %d bytes in integers of %d, not one of 8", len(v.data), v.width)
	}
	return binary.BigEndian.Uint64(v.data), nil
}

// each calls fn for every entry, in no meaningful order.
func (z *zap) each(fn func(name string, v zapValue) error) error {
	head, err := z.block(0, nil)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	switch kind := le.Uint64(head); {
	case kind == zapMicro:
		return eachMicro(head, fn)
	case kind == zapFat && le.Uint64(head[8:]) == zapFatMagic:
		return z.eachFat(head, fn)
	}
	return errors.New("it is not a table of names")
}

// block reads block number n into buf, or a new buffer.
func (z *zap) block(n uint64, buf []byte) ([]byte, error) {
	if n > math.MaxInt64/maxBlock || int64(n)*z.blockSize >= z.end {
		return nil, fmt.Errorf("its block %d is missing", n)
	}
	if buf == nil {
		buf = make([]byte, z.blockSize)
	}
	return buf, z.read(buf, int64(n)*z.blockSize)
}

// eachMicro scans the one block of a small table.
func eachMicro(block []byte, fn func(string, zapValue) error) error {
	for entry := block[microEntry:]; len(entry) >= microEntry; entry = entry[microEntry:] {
		name := cString(entry[14:microEntry])
		if name == "" {
			continue
		}
		value := binary.BigEndian.AppendUint64(nil, binary.LittleEndian.Uint64(entry))
		if err := fn(name, zapValue{8, value}); err != nil {
			return err
		}
	}
	return nil
}

// eachFat scans the leaves of a large table and counts what they hold.
func (z *zap) eachFat(head []byte, fn func(string, zapValue) error) error {
	var found, last uint64
	var leaf []byte
	seen := map[uint64]bool{0: true} // no leaf is in block 0
	err := z.eachPointer(head, func(id uint64) error {
		if id == last && id != 0 { // a leaf's pointers stand side by side
			return nil
		}
		if seen[id] {
			return errCorrupt
		}
		last, seen[id] = id, true
		var err error
		if leaf, err = z.block(id, leaf); err != nil {
			return err
		}
		n, err := eachInLeaf(leaf, fn)
		found += n
		return err
	})
	if err != nil {
		return err
	}
	if want := binary.LittleEndian.Uint64(head[72:]); found != want {
		return fmt.Errorf("it holds %d names instead of %d", found, want)
	}
	return nil
}

// eachPointer goes through the table of leaves, which lies in the second half
// of the first block or in blocks of its own.
func (z *zap) eachPointer(head []byte, fn func(id uint64) error) error {
	le := binary.LittleEndian
	first, blocks, shift := le.Uint64(head[16:]), le.Uint64(head[24:]), le.Uint64(head[32:])
	if shift > 40 {
		return errCorrupt
	}
	left := uint64(1) << shift
	if blocks == 0 {
		if table := head[len(head)/2:]; left*8 <= uint64(len(table)) {
			return eachUint64(table[:left*8], fn)
		}
		return errCorrupt
	}
	var table []byte
	for n := range blocks {
		var err error
		if table, err = z.block(first+n, table); err != nil {
			return err
		}
		part := min(left, uint64(len(table)/8))
		if err := eachUint64(table[:part*8], fn); err != nil {
			return err
		}
		if left -= part; left == 0 {
			return nil
		}
	}
	return errCorrupt
}

func eachUint64(p []byte, fn func(uint64) error) error {
	for ; len(p) >= 8; p = p[8:] {
		if err := fn(binary.LittleEndian.Uint64(p)); err != nil {
			return err
		}
	}
	return nil
}

// eachInLeaf finds a leaf's entries among its chunks.
func eachInLeaf(leaf []byte, fn func(string, zapValue) error) (uint64, error) {
	le := binary.LittleEndian
	if le.Uint64(leaf) != zapLeaf || le.Uint32(leaf[24:]) != zapLeafMagic {
		return 0, errors.New("one of its leaves is corrupt")
	}
	chunks := leaf[leafHeader+len(leaf)/32*2:]
	var found uint64
	for c := chunks; len(c) >= leafChunk; c = c[leafChunk:] {
		if c[0] != chunkEntry {
			continue
		}
		found++
		name, err := leafArray(chunks, le.Uint16(c[4:]), int(le.Uint16(c[6:])))
		if err != nil {
			return found, err
		}
		width := int(c[1])
		value, err := leafArray(chunks, le.Uint16(c[8:]), int(le.Uint16(c[10:]))*width)
		if err != nil {
			return found, err
		}
		if err := fn(cString(name), zapValue{width, value}); err != nil {
			return found, err
		}
	}
	return found, nil
}

// leafArray collects n bytes from the chain of chunks that starts at next.
func leafArray(chunks []byte, next uint16, n int) ([]byte, error) {
	if n > len(chunks) {
		return nil, errCorrupt
	}
	out := make([]byte, 0, n)
	for len(out) < n {
		at := int(next) * leafChunk
		if at+leafChunk > len(chunks) || chunks[at] != chunkArray {
			return nil, errCorrupt
		}
		c := chunks[at : at+leafChunk]
		out = append(out, c[1:1+min(chunkBytes, n-len(out))]...)
		next = binary.LittleEndian.Uint16(c[1+chunkBytes:])
	}
	return out, nil
}
