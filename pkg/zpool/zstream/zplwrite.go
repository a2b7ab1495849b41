package zstream

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// Objects of a file system that is written here, beside its files: those are
// given from FirstFile on.
const (
	objMaster   = 1
	objSA       = 32
	objUnlinked = 33
	objRegistry = 35
	objLayouts  = 36

	FirstFile = 64
)

// Types of the objects that describe a file system.
const (
	typeUnlinked = 22
	typeSAMaster = 45
	typeRegistry = 46
	typeLayouts  = 47
	typeZvolProp = 24
)

// RecordSize is the size of the blocks of files longer than that.
const RecordSize = 128 << 10

// BlockSize is the size of a file's blocks.
func BlockSize(size int64) uint32 {
	if size >= RecordSize {
		return RecordSize
	}
	return uint32(max(512, (size+511)&^511))
}

// Generation tells instances of a file apart for the receiver. One that grows
// beyond a single block, or shrinks to one, counts as another: the size of its
// blocks changes, which a receiver takes for a new file only.
func Generation(inode uint64, size int64) uint64 {
	gen := inode << 1
	if size > RecordSize {
		gen |= 1
	}
	return gen
}

// Tree writes the objects of a file system. Files are to come with ascending
// numbers.
type Tree struct{ *Writer }

// Head writes what comes before all files.
func (t Tree) Head(root uint64) error {
	var registry, layouts []zapItem
	for i, a := range saRegistry {
		registry = append(registry, numberItem(a.name, uint64(i)|uint64(a.swap)<<16|uint64(a.length)<<24))
	}
	for i, order := range saLayouts() {
		item := zapItem{name: strconv.Itoa(firstLayout + i), width: 2}
		for _, number := range order {
			item.value = binary.BigEndian.AppendUint16(item.value, number)
		}
		layouts = append(layouts, item)
	}
	for _, o := range []struct {
		number uint64
		kind   uint32
		items  []zapItem
	}{
		{objMaster, typeMaster, []zapItem{
			numberItem("normalization", 0), numberItem("utf8only", 0), numberItem("casesensitivity", 0),
			numberItem("VERSION", 5), numberItem("SA_ATTRS", objSA), numberItem("DELETE_QUEUE", objUnlinked),
			numberItem("ROOT", root),
		}},
		{objSA, typeSAMaster, []zapItem{numberItem("REGISTRY", objRegistry), numberItem("LAYOUTS", objLayouts)}},
		{objUnlinked, typeUnlinked, nil},
		{objRegistry, typeRegistry, registry},
		{objLayouts, typeLayouts, layouts},
	} {
		if err := t.table(&Object{Number: o.number, Type: o.kind}, o.items, nil); err != nil {
			return err
		}
	}
	return nil
}

// table writes an object that is a table of names, and its spill block.
func (t Tree) table(o *Object, items []zapItem, spill []byte) error {
	const golden = 0x9e3779b97f4a7c15 // spreads numbers over all bits
	content, block, err := packZap(items, o.Number*golden|1)
	if err != nil {
		return err
	}
	o.BlockSize = block
	t.Object(o)
	for off := 0; off < len(content); off += int(block) {
		t.Write(o.Number, o.Type, int64(off), content[off:off+int(block)])
	}
	t.Free(o.Number, int64(len(content)), -1)
	if spill != nil {
		t.Spill(o.Number, spill)
	}
	return nil
}

// File describes a file that is no directory. The content of a regular one
// follows, by Block, in blocks of BlockSize(e.Size) bytes.
func (t Tree) File(e *Entry) error {
	bonus, spill, err := packAttributes(e)
	if err != nil {
		return err
	}
	t.Object(&Object{
		Number: e.Object, Type: TypeFile, BonusType: bonusSA, BlockSize: BlockSize(sizeOf(e)),
		HasSpill: spill != nil, Bonus: bonus,
	})
	if spill != nil {
		t.Spill(e.Object, spill)
	}
	return nil
}

// sizeOf is the length of a file's content.
func sizeOf(e *Entry) int64 {
	if e.Mode&typeMask == modeRegular {
		return e.Size
	}
	return 0
}

// Directory writes a directory with the names in it.
func (t Tree) Directory(e *Entry, names []Name) error {
	items := make([]zapItem, len(names))
	for i, n := range names {
		if err := checkName(n.Name); err != nil {
			return err
		}
		items[i] = numberItem(n.Name, n.Object|n.Type<<60)
	}
	own := *e
	own.Size = int64(len(names) + 2)
	own.Links = 2
	for _, n := range names {
		if n.Type == modeDir>>12 {
			own.Links++
		}
	}
	bonus, spill, err := packAttributes(&own)
	if err != nil {
		return err
	}
	o := &Object{Number: e.Object, Type: TypeDirectory, BonusType: bonusSA, HasSpill: spill != nil, Bonus: bonus}
	if err := t.table(o, items, spill); err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	return nil
}

// Block writes a whole block of a file or volume. One of zeros is left out, or
// with holes written as a hole.
func (t Tree) Block(object uint64, kind uint32, off int64, block []byte, holes bool) {
	switch {
	case !isZero(block):
		t.Write(object, kind, off, block)
	case holes:
		t.Free(object, off, int64(len(block)))
	}
}

func isZero(p []byte) bool {
	for len(p) >= 8 {
		if binary.LittleEndian.Uint64(p) != 0 {
			return false
		}
		p = p[8:]
	}
	for _, c := range p {
		if c != 0 {
			return false
		}
	}
	return true
}

// Volume writes what describes a volume, whose blocks of size block follow.
func (t Tree) Volume(block uint32) {
	t.Object(&Object{Number: 1, Type: TypeVolume, BlockSize: block})
}

// VolumeEnd writes what comes behind a volume's content.
func (t Tree) VolumeEnd(size int64) error {
	return t.table(&Object{Number: 2, Type: typeZvolProp}, []zapItem{numberItem("size", uint64(size))}, nil)
}
