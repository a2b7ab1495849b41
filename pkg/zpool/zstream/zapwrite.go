package zstream

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc64"
	"slices"
	"sync"
)

// zapItem is an entry of a table to be written: integers of width bytes,
// big-endian.
type zapItem struct {
	name  string
	width int
	value []byte

	hash uint64
	cd   uint32 // tells apart those of one hash
}

func numberItem(name string, n uint64) zapItem {
	return zapItem{name: name, width: 8, value: binary.BigEndian.AppendUint64(nil, n)}
}

const (
	maxMicro     = 128 << 10 // longest small table
	maxMicroName = 49
	fatShift     = 14 // of the size of a large table's blocks
	fatBlock     = 1 << fatShift

	chunkFree = 253
	chainEnd  = 0xffff

	hashBits = 28 // of a name's hash that count
)

// packZap writes a table: its content, and the size of its blocks. Equal items
// make equal bytes.
func packZap(items []zapItem, salt uint64) (content []byte, blockSize uint32, err error) {
	for i := range items {
		items[i].hash = zapHash(salt, items[i].name)
	}
	slices.SortFunc(items, func(a, b zapItem) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.name, b.name))
	})
	small := (len(items)+1)*microEntry <= maxMicro
	for i := range items {
		if i > 0 && items[i].hash == items[i-1].hash {
			items[i].cd = items[i-1].cd + 1
		}
		small = small && len(items[i].name) <= maxMicroName && items[i].width == 8 && len(items[i].value) == 8
	}
	if small {
		content = packMicro(items, salt)
		return content, uint32(len(content)), nil
	}
	content, err = packFat(items, salt)
	return content, fatBlock, err
}

var zapTable = sync.OnceValue(func() *crc64.Table { return crc64.MakeTable(crc64.ECMA) })

// zapHash is a name's hash as ZFS places it by.
func zapHash(salt uint64, name string) uint64 {
	h, table := salt, zapTable()
	for i := range len(name) {
		h = table[byte(h)^name[i]] ^ h>>8
	}
	return h &^ (1<<(64-hashBits) - 1)
}

// packMicro writes a small table: one block.
func packMicro(items []zapItem, salt uint64) []byte {
	le := binary.LittleEndian
	size := (len(items) + 1) * microEntry
	p := make([]byte, (size+511)&^511)
	le.PutUint64(p, zapMicro)
	le.PutUint64(p[8:], salt)
	for i, item := range items {
		e := p[(i+1)*microEntry:]
		le.PutUint64(e, binary.BigEndian.Uint64(item.value))
		le.PutUint32(e[8:], item.cd)
		copy(e[14:], item.name)
	}
	return p
}

// Shifts of a leaf and of the table of leaves in the first block.
const (
	leafShift     = fatShift - 5
	embeddedShift = fatShift - 4
	tableShift    = fatShift - 3 // of pointers that a block holds
	leafChunks    = (fatBlock - leafHeader - 2<<leafShift) / leafChunk
)

// fatLeaf is the items whose hash starts with some bits.
type fatLeaf struct {
	items  []zapItem
	prefix uint64
	bits   int
}

// packFat writes a large table: a header block, the table of leaves when it
// has no room there, and the leaves.
func packFat(items []zapItem, salt uint64) ([]byte, error) {
	leaves, err := splitLeaves(nil, fatLeaf{items: items})
	if err != nil {
		return nil, err
	}
	shift := embeddedShift
	for _, l := range leaves {
		shift = max(shift, l.bits)
	}
	blocks := 0
	if shift > embeddedShift {
		shift = max(shift, tableShift)
		blocks = 1 << (shift - tableShift)
	}
	first := 1 + blocks
	p := make([]byte, (first+len(leaves))*fatBlock)
	le := binary.LittleEndian
	for off, v := range map[int]uint64{
		0: zapFat, 8: zapFatMagic, 24: uint64(blocks), 32: uint64(shift), 56: uint64(first + len(leaves)),
		64: uint64(len(leaves)), 72: uint64(len(items)), 80: salt,
	} {
		le.PutUint64(p[off:], v)
	}
	table := p[fatBlock/2 : fatBlock]
	if blocks > 0 {
		le.PutUint64(p[16:], 1) // the block it starts in
		table = p[fatBlock : first*fatBlock]
	}
	for i, l := range leaves {
		l.pack(p[(first+i)*fatBlock:][:fatBlock])
		span := 1 << (shift - l.bits)
		for j := range span {
			le.PutUint64(table[(int(l.prefix)*span+j)*8:], uint64(first+i))
		}
	}
	return p, nil
}

// splitLeaves cuts items, which are in the order of their hashes, into leaves.
func splitLeaves(leaves []fatLeaf, l fatLeaf) ([]fatLeaf, error) {
	need := 0
	for _, item := range l.items {
		need += 1 + chunksOf(len(item.name)+1) + chunksOf(len(item.value))
	}
	if need <= leafChunks {
		return append(leaves, l), nil
	}
	if l.bits == hashBits || len(l.items) == 1 {
		return nil, fmt.Errorf("too many names like %q to be stored in one directory", l.items[0].name)
	}
	half := uint64(1) << (63 - l.bits)
	middle, _ := slices.BinarySearchFunc(l.items, half, func(item zapItem, bit uint64) int {
		if item.hash&bit != 0 {
			return 1
		}
		return -1
	})
	leaves, err := splitLeaves(leaves, fatLeaf{l.items[:middle], l.prefix << 1, l.bits + 1})
	if err != nil {
		return nil, err
	}
	return splitLeaves(leaves, fatLeaf{l.items[middle:], l.prefix<<1 | 1, l.bits + 1})
}

func chunksOf(n int) int { return (n + chunkBytes - 1) / chunkBytes }

// pack writes a leaf into a block.
func (l fatLeaf) pack(p []byte) {
	le := binary.LittleEndian
	le.PutUint64(p, zapLeaf)
	le.PutUint64(p[16:], l.prefix)
	le.PutUint32(p[24:], zapLeafMagic)
	le.PutUint16(p[30:], uint16(len(l.items)))
	le.PutUint16(p[32:], uint16(l.bits))
	heads := p[leafHeader : leafHeader+2<<leafShift]
	for i := range heads {
		heads[i] = 0xff // chainEnd, twice
	}
	c := chunkWriter{p: p[leafHeader+2<<leafShift:]}
	for _, item := range l.items {
		bucket := heads[int(item.hash>>(64-leafShift-l.bits))&(1<<leafShift-1)*2:]
		e := c.chunk(chunkEntry)
		at := c.next - 1
		e[1] = byte(item.width)
		le.PutUint16(e[2:], le.Uint16(bucket))
		le.PutUint16(bucket, uint16(at))
		le.PutUint16(e[4:], c.array(append([]byte(item.name), 0)))
		le.PutUint16(e[6:], uint16(len(item.name)+1))
		le.PutUint16(e[8:], c.array(item.value))
		le.PutUint16(e[10:], uint16(len(item.value)/item.width))
		le.PutUint32(e[12:], item.cd)
		le.PutUint64(e[16:], item.hash)
	}
	le.PutUint16(p[28:], uint16(leafChunks-c.next))
	le.PutUint16(p[34:], c.free())
}

// chunkWriter gives out a leaf's chunks.
type chunkWriter struct {
	p    []byte
	next int
}

func (c *chunkWriter) chunk(kind byte) []byte {
	p := c.p[c.next*leafChunk:][:leafChunk]
	p[0] = kind
	c.next++
	return p
}

// array writes a chain of chunks and returns the first.
func (c *chunkWriter) array(data []byte) uint16 {
	first := c.next
	for len(data) > 0 {
		p := c.chunk(chunkArray)
		n := copy(p[1:1+chunkBytes], data)
		data = data[n:]
		following := uint16(chainEnd)
		if len(data) > 0 {
			following = uint16(c.next)
		}
		binary.LittleEndian.PutUint16(p[1+chunkBytes:], following)
	}
	return uint16(first)
}

// free chains the chunks that are left and returns the first.
func (c *chunkWriter) free() uint16 {
	if c.next == leafChunks {
		return chainEnd
	}
	first := c.next
	for c.next < leafChunks {
		p := c.chunk(chunkFree)
		following := uint16(chainEnd)
		if c.next < leafChunks {
			following = uint16(c.next)
		}
		binary.LittleEndian.PutUint16(p[1+chunkBytes:], following)
	}
	return uint16(first)
}
