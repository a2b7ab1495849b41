package btrfs

import (
	"encoding/binary"
	"math"
	"os"
)

// Item kinds in the tree of a subvolume.
const (
	itemInode      = 1
	itemExtentData = 108
)

// Content sums what lies in a subvolume.
type Content struct {
	Disk     int64 // bytes of data on disk, as far as this subvolume shows them
	Logical  int64 // the same before compression
	Metadata int64 // bytes of the items themselves, small files among them
}

// itemHead is what an item takes in a leaf beside its data.
const itemHead = 25

// ContentOf walks over a subvolume's items, without since transaction all of
// them, else those that changed after it. f lies anywhere in the file system.
func ContentOf(f *os.File, subvol, since uint64) (Content, error) {
	var c Content
	s := span{tree: subvol, first: RootInode, last: math.MaxUint64 - 256, kind: itemExtentData, since: since, all: true}
	if since > 0 {
		s.since = since + 1
	}
	err := search(f, s, func(it item) {
		c.Metadata += itemHead
		if it.kind == itemExtentData {
			c.add(it.data, since)
		} else {
			c.Metadata += int64(len(it.data))
		}
	})
	return c, err
}

// add counts a file extent: generation, ram bytes, compression, encryption,
// other encoding, type; then, unless it is inline, disk address, disk bytes,
// offset and bytes.
func (c *Content) add(d []byte, since uint64) {
	const inline, inlineHead, size = 0, 21, 53
	if len(d) < inlineHead || binary.LittleEndian.Uint64(d) <= since {
		return
	}
	ram := int64(binary.LittleEndian.Uint64(d[8:]))
	if d[20] == inline {
		c.Logical += ram
		c.Disk += int64(len(d) - inlineHead)
		return
	}
	if len(d) < size || ram <= 0 || binary.LittleEndian.Uint64(d[21:]) == 0 { // a hole
		return
	}
	onDisk, n := int64(binary.LittleEndian.Uint64(d[29:])), int64(binary.LittleEndian.Uint64(d[45:]))
	c.Logical += n
	if onDisk >= ram {
		c.Disk += n
	} else {
		c.Disk += int64(float64(n) * float64(onDisk) / float64(ram))
	}
}

// Share is what one owner has.
type Share struct{ Bytes, Files int64 }

// OwnersOf sums the space of a subvolume's inodes by user, or by group.
func OwnersOf(f *os.File, subvol uint64, groups bool) (map[uint32]Share, error) {
	const nbytes, uid, gid, size = 24, 44, 48, 160
	owners := make(map[uint32]Share)
	s := span{tree: subvol, first: RootInode, last: math.MaxUint64 - 256, kind: itemInode}
	err := search(f, s, func(it item) {
		if len(it.data) < size {
			return
		}
		at := uid
		if groups {
			at = gid
		}
		id := binary.LittleEndian.Uint32(it.data[at:])
		owners[id] = Share{owners[id].Bytes + int64(binary.LittleEndian.Uint64(it.data[nbytes:])), owners[id].Files + 1}
	})
	return owners, err
}
