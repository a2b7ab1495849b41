package zstream

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"
)

// Attributes as this package writes them, in the order of their numbers, which
// is that of OpenZFS. Length 0 is variable.
var saRegistry = []struct {
	name   string
	length uint16
	swap   uint8 // how a machine of other byte order turns it
}{
	{"ZPL_ATIME", 16, 0},
	{"ZPL_MTIME", 16, 0},
	{"ZPL_CTIME", 16, 0},
	{"ZPL_CRTIME", 16, 0},
	{"ZPL_GEN", 8, 0},
	{"ZPL_MODE", 8, 0},
	{"ZPL_SIZE", 8, 0},
	{"ZPL_PARENT", 8, 0},
	{"ZPL_LINKS", 8, 0},
	{"ZPL_XATTR", 8, 0},
	{"ZPL_RDEV", 8, 0},
	{"ZPL_FLAGS", 8, 0},
	{"ZPL_UID", 8, 0},
	{"ZPL_GID", 8, 0},
	{"ZPL_PAD", 32, 0},
	{"ZPL_ZNODE_ACL", 88, 3},
	{"ZPL_DACL_COUNT", 8, 0},
	{"ZPL_SYMLINK", 0, 3},
	{"ZPL_SCANSTAMP", 32, 3},
	{"ZPL_DACL_ACES", 0, 4},
	{"ZPL_DXATTR", 0, 3},
	{"ZPL_PROJID", 8, 0},
}

// Numbers of the attributes that are not in every file.
const (
	saRdev    = 10
	saCount   = 16
	saSymlink = 17
	saAces    = 19
	saDxattr  = 20
)

// saBase is the attributes that every file has, in their order.
var saBase = []uint16{5, 6, 4, 12, 13, 7, 11, 0, 1, 2, 3, 8}

// saLayouts is every order of attributes that is written; the first is number
// 2. Those of spill blocks have no base.
func saLayouts() [][]uint16 {
	base := func(more ...uint16) []uint16 { return append(slices.Clip(slices.Clone(saBase)), more...) }
	return [][]uint16{
		base(saCount), base(saCount, saAces), base(saCount, saAces, saSymlink),
		base(saCount, saAces, saDxattr), base(saCount, saAces, saSymlink, saDxattr),
		base(saRdev, saCount), base(saRdev, saCount, saAces), base(saRdev, saCount, saAces, saDxattr),
		{saAces},
		{saAces, saSymlink},
		{saAces, saDxattr},
		{saAces, saSymlink, saDxattr},
		{saSymlink},
		{saSymlink, saDxattr},
		{saDxattr},
	}
}

const firstLayout = 2

// Room for attributes in a dnode of one slot, without and with the pointer to
// a spill block.
const (
	bonusRoom      = 320
	bonusRoomSpill = bonusRoom - 128
	maxVariable    = math.MaxUint16
	maxSpill       = 128 << 10
)

// variable is an attribute of its own length.
type variable struct {
	number uint16
	value  []byte
}

// packAttributes writes a file's attributes: into the bonus as far as they
// fit, the rest into a spill block.
func packAttributes(e *Entry) (bonus, spill []byte, err error) {
	fixed, rest, err := attributesOf(e)
	if err != nil {
		return nil, nil, err
	}
	layout := append([]uint16(nil), saBase...)
	if isDevice(e.Mode) {
		layout = append(layout, saRdev)
	}
	layout = append(layout, saCount)
	n := fitting(len(fixed), rest, bonusRoom)
	if n < len(rest) {
		n = fitting(len(fixed), rest, bonusRoomSpill)
	}
	if bonus, err = packSA(layout, fixed, rest[:n]); err != nil || n == len(rest) {
		return bonus, nil, err
	}
	spill, err = packSA(nil, nil, rest[n:])
	if err == nil && len(spill) > maxSpill {
		err = fmt.Errorf("extended attributes of %d bytes are more than a stream holds", len(spill))
	}
	return bonus, append(spill, make([]byte, -len(spill)&511)...), err
}

// fitting is how many variable attributes have room behind the fixed ones.
func fitting(fixed int, rest []variable, room int) int {
	size := fixed
	for n, v := range rest {
		size += int(roundUp8(uint64(len(v.value))))
		if size+saHeader(n+1) > room {
			return n
		}
	}
	return len(rest)
}

// saHeader is the length of the header in front of n variable attributes.
func saHeader(n int) int { return int(roundUp8(uint64(6 + 2*n))) }

func packSA(layout []uint16, fixed []byte, rest []variable) ([]byte, error) {
	for _, v := range rest {
		layout = append(layout, v.number)
	}
	number, err := layoutNumber(layout)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	size := saHeader(len(rest))
	p := make([]byte, size)
	le.PutUint32(p, saMagic)
	le.PutUint16(p[4:], number|uint16(size/8)<<10)
	for i, v := range rest {
		le.PutUint16(p[6+2*i:], uint16(len(v.value)))
	}
	p = append(p, fixed...)
	for _, v := range rest {
		p = append(append(p, v.value...), make([]byte, -len(v.value)&7)...)
	}
	return p, nil
}

func layoutNumber(layout []uint16) (uint16, error) {
	for i, l := range saLayouts() {
		same := len(l) == len(layout)
		for j := 0; same && j < len(l); j++ {
			same = l[j] == layout[j]
		}
		if same {
			return uint16(firstLayout + i), nil
		}
	}
	return 0, fmt.Errorf("attributes in the order %v are not written", layout)
}

func isDevice(mode uint32) bool {
	return mode&typeMask == modeChar || mode&typeMask == modeBlock
}

// attributesOf is a file's attributes of fixed length, as in saBase, and the
// others.
func attributesOf(e *Entry) (fixed []byte, rest []variable, err error) {
	le := binary.LittleEndian
	aces, flags := e.ACL, uint64(0)
	if len(aces) == 0 {
		aces, flags = modeACL(e.Mode), aclTrivial
	}
	for _, v := range []uint64{
		uint64(e.Mode), uint64(e.Size), e.Generation, uint64(e.UID), uint64(e.GID), e.Parent, flags | modeFlags(e.Mode),
	} {
		fixed = le.AppendUint64(fixed, v)
	}
	for _, t := range []time.Time{e.AccessTime, e.ModTime, e.ChangeTime, e.BirthTime} {
		fixed = le.AppendUint64(fixed, uint64(t.Unix()))
		fixed = le.AppendUint64(fixed, uint64(t.Nanosecond()))
	}
	fixed = le.AppendUint64(fixed, e.Links)
	if isDevice(e.Mode) {
		fixed = le.AppendUint64(fixed, uint64(e.Major)<<20|uint64(e.Minor))
	}
	fixed = le.AppendUint64(fixed, countACEs(aces))
	rest = append(rest, variable{saAces, aces})
	if e.Target != "" {
		rest = append(rest, variable{saSymlink, []byte(e.Target)})
	}
	if len(e.Xattrs) > 0 {
		list := Nvlist{}
		for name, value := range e.Xattrs {
			list[name] = value
		}
		packed, err := list.Pack()
		if err != nil {
			return nil, nil, err
		}
		rest = append(rest, variable{saDxattr, packed})
	}
	for _, v := range rest {
		if len(v.value) > maxVariable {
			return nil, nil, fmt.Errorf("extended attributes of %d bytes are more than a stream holds", len(v.value))
		}
	}
	return fixed, rest, nil
}

// modeFlags is what ZFS notes of a file beside its mode: archive, modified,
// that nobody is denied to execute, that entries are inherited.
func modeFlags(mode uint32) uint64 {
	flags := uint64(0x40800000000)
	if mode&0o111 == 0o111 {
		flags |= 0x100
	}
	if mode&typeMask == modeDir {
		flags |= 0x40
	}
	return flags
}

// Parts of access control entries, as RFC 7530 has them, and who they are for.
const (
	aceRead, aceWrite, aceExecute = 0x1, 0x2 | 0x4, 0x20
	aceDeleteChild                = 0x40
	aceOwnerAlways                = 0x1e0198 // attributes and the list itself
	aceAlways                     = 0x120088

	aceAllow, aceDeny               = 0, 1
	aceOwner, aceGroup, aceEveryone = 0x1000, 0x2040, 0x4000
)

// modeACL is the list that says what a mode does.
func modeACL(mode uint32) []byte {
	mask := func(bits uint32) (m uint32) {
		if bits&4 != 0 {
			m |= aceRead
		}
		if bits&2 != 0 {
			m |= aceWrite
			if mode&typeMask != modeRegular {
				m |= aceDeleteChild
			}
		}
		if bits&1 != 0 {
			m |= aceExecute
		}
		return m
	}
	owner, group, other := mask(mode>>6), mask(mode>>3), mask(mode)
	var p []byte
	add := func(kind, who uint16, m uint32) {
		p = binary.LittleEndian.AppendUint16(p, kind)
		p = binary.LittleEndian.AppendUint16(p, who)
		p = binary.LittleEndian.AppendUint32(p, m)
	}
	if deny := (group | other) &^ owner; deny != 0 {
		add(aceDeny, aceOwner, deny)
	}
	if deny := other &^ group; deny != 0 {
		add(aceDeny, aceGroup, deny)
	}
	add(aceAllow, aceOwner, owner|aceOwnerAlways)
	add(aceAllow, aceGroup, group|aceAlways)
	add(aceAllow, aceEveryone, other|aceAlways)
	return p
}

// countACEs is how many entries a list has: of 8 bytes for those that a mode
// knows, of 16 with an id for others.
func countACEs(p []byte) (n uint64) {
	for ; len(p) >= 8; n++ {
		size := 16
		switch binary.LittleEndian.Uint16(p[2:]) & 0x7040 {
		case aceOwner, aceGroup, aceEveryone, 0x4040:
			size = 8
		}
		p = p[min(size, len(p)):]
	}
	return n
}
