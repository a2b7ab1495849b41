package zstream

import (
	"bytes"
	"encoding/binary"
	"testing"
)

func zapOver(content []byte, blockSize int64) *zap {
	return &zap{
		blockSize: blockSize, end: int64(len(content)),
		read: func(p []byte, off int64) error {
			clear(p[copy(p, content[off:]):])
			return nil
		},
	}
}

// microZap is a small table with one name.
func microZap(name string, value uint64) []byte {
	le := binary.LittleEndian
	block := make([]byte, 512)
	le.PutUint64(block, zapMicro)
	le.PutUint64(block[microEntry:], value)
	copy(block[microEntry+14:], name)
	return block
}

// fatZap is a large table with one name in one leaf.
func fatZap(name string, value uint64) []byte {
	le := binary.LittleEndian
	p := make([]byte, 2*1024)
	le.PutUint64(p, zapFat)
	le.PutUint64(p[8:], zapFatMagic)
	le.PutUint64(p[32:], 1) // two pointers to the one leaf
	le.PutUint64(p[72:], 1)
	le.PutUint64(p[512:], 1)
	le.PutUint64(p[520:], 1)
	leaf := p[1024:]
	le.PutUint64(leaf, zapLeaf)
	le.PutUint32(leaf[24:], zapLeafMagic)
	chunks := leaf[leafHeader+1024/32*2:]
	chunks[0], chunks[1] = chunkEntry, 8
	le.PutUint16(chunks[4:], 1)
	le.PutUint16(chunks[6:], uint16(len(name)+1))
	le.PutUint16(chunks[8:], 2)
	le.PutUint16(chunks[10:], 1)
	chunks[leafChunk], chunks[2*leafChunk] = chunkArray, chunkArray
	copy(chunks[leafChunk+1:], name)
	binary.BigEndian.PutUint64(chunks[2*leafChunk+1:], value)
	return p
}

func TestZap(t *testing.T) {
	for kind, z := range map[string]*zap{
		"micro": zapOver(microZap("name", 7), 512),
		"fat":   zapOver(fatZap("name", 7), 1024),
	} {
		t.Run(kind, func(t *testing.T) {
			count := 0
			err := z.each(func(name string, v zapValue) error {
				count++
				if n, err := v.number(); name != "name" || n != 7 || err != nil {
					t.Errorf("%q is %d, %v", name, n, err)
				}
				return nil
			})
			if err != nil || count != 1 {
				t.Errorf("%d names, %v", count, err)
			}
		})
	}
}

func TestZapRefuses(t *testing.T) {
	for what, at := range map[string]int{
		"no table": 0, "magic": 8, "shift": 33, "count": 72, "pointer": 512,
		"leaf": 1024, "chunk chain": 1024 + leafHeader + 64 + 5,
	} {
		bad := bytes.Clone(fatZap("name", 7))
		bad[at] ^= 0x3f
		if err := zapOver(bad, 1024).each(func(string, zapValue) error { return nil }); err == nil {
			t.Errorf("took a table with a bad %s", what)
		}
	}
}

func FuzzZap(f *testing.F) {
	f.Add(microZap("name", 7), uint8(1))
	f.Add(fatZap("name", 7), uint8(2))
	f.Fuzz(func(_ *testing.T, content []byte, sectors uint8) {
		size := int64(max(sectors, 1)) * 512
		zapOver(content, size).each(func(string, zapValue) error { return nil })
	})
}

func FuzzSystemAttributes(f *testing.F) {
	t := &saTables{
		attrs:   map[uint16]saAttr{1: {"ZPL_MODE", 8}, 2: {"ZPL_SYMLINK", 0}, 3: {"ZPL_MTIME", 16}},
		layouts: map[uint16][]uint16{2: {1, 3, 2}, 3: {2, 2}},
	}
	f.Add([]byte("\x5a\x50\x2f\x00\x02\x04\x03\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "0123456789abcdef" + "abc"))
	f.Fuzz(func(_ *testing.T, p []byte) {
		z := new(znode)
		t.decode(p, z.set)
		parseZnode(p)
	})
}
