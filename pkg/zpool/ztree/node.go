package ztree

import (
	"encoding/binary"
	"errors"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// node is an object as the table keeps it: what its OBJECT record said, and
// where it went.
type node struct {
	zstream.Dnode
	inode   uint64 // 0 when it has no file
	igen    uint64 // generation of the inode, for its handle
	fmt     uint8  // type bits of the inode's mode, shifted down
	staged  bool   // the inode lies in the staging directory, as o<object>
	dropped bool   // left out on purpose
	content extent // of what is no file
	spill   extent
	size    int64 // of the file, when it is known; content beyond is cut off
}

// extent is a part of the content file.
type extent struct{ off, size int64 }

// slotSize is the room of an object in the table. An object with a long bonus
// owns the numbers that follow it, and so the room.
const slotSize = 512

// nodeHead is the fixed part of a slot.
const nodeHead = 104

const nodeMark = 0xd0

const (
	flagSpill = 1 << iota
	flagStaged
	flagDropped
)

var errTable = errors.New("the table of objects is damaged")

func (n *node) encode() []byte {
	le := binary.LittleEndian
	p := make([]byte, nodeHead, nodeHead+len(n.Bonus))
	p[0], p[1], p[2], p[3] = nodeMark, n.Slots, n.flags(), n.fmt
	le.PutUint32(p[4:], n.Kind)
	le.PutUint32(p[8:], n.BonusType)
	le.PutUint32(p[12:], n.BlockSize)
	le.PutUint32(p[16:], uint32(len(n.Bonus)))
	for i, v := range []uint64{
		uint64(n.End), n.inode, n.igen, uint64(n.content.off), uint64(n.content.size),
		uint64(n.spill.off), uint64(n.spill.size), uint64(n.size),
	} {
		le.PutUint64(p[24+8*i:], v)
	}
	return append(p, n.Bonus...)
}

func (n *node) flags() (f uint8) {
	for bit, set := range map[uint8]bool{flagSpill: n.HasSpill, flagStaged: n.staged, flagDropped: n.dropped} {
		if set {
			f |= bit
		}
	}
	return f
}

// decodeNode reads a slot, nil when it is free. more is how many bytes of
// bonus follow behind p.
func decodeNode(p []byte) (n *node, more int, err error) {
	if len(p) < nodeHead || p[0] == 0 {
		return nil, 0, nil
	}
	le := binary.LittleEndian
	size := int(le.Uint32(p[16:]))
	if p[0] != nodeMark || size > 32*slotSize {
		return nil, 0, errTable
	}
	v := func(i int) uint64 { return le.Uint64(p[24+8*i:]) }
	n = &node{
		Dnode: zstream.Dnode{
			Slots: p[1], HasSpill: p[2]&flagSpill != 0, Kind: le.Uint32(p[4:]), BonusType: le.Uint32(p[8:]),
			BlockSize: le.Uint32(p[12:]), End: int64(v(0)),
		},
		inode: v(1), igen: v(2), fmt: p[3], staged: p[2]&flagStaged != 0, dropped: p[2]&flagDropped != 0,
		content: extent{int64(v(3)), int64(v(4))}, spill: extent{int64(v(5)), int64(v(6))}, size: int64(v(7)),
	}
	have := min(size, len(p)-nodeHead)
	n.Bonus = append(make([]byte, 0, size), p[nodeHead:nodeHead+have]...)
	return n, size - have, nil
}
