package btf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
)

// ErrFormat says that a file is no BTF.
var ErrFormat = errors.New("malformed type information")

// kind is a type's kind as the file has it (linux/btf.h).
type kind uint32

const (
	kindInt       kind = 1
	kindPtr       kind = 2
	kindArray     kind = 3
	kindStruct    kind = 4
	kindUnion     kind = 5
	kindEnum      kind = 6
	kindFwd       kind = 7
	kindTypedef   kind = 8
	kindVolatile  kind = 9
	kindConst     kind = 10
	kindRestrict  kind = 11
	kindFunc      kind = 12
	kindFuncProto kind = 13
	kindVar       kind = 14
	kindDatasec   kind = 15
	kindFloat     kind = 16
	kindDeclTag   kind = 17
	kindTypeTag   kind = 18
	kindEnum64    kind = 19
)

// Types is one file, or a module's file on top of the kernel's.
type Types struct {
	types, strs []byte
	pos         []uint32 // where each type begins in types, by id - first
	base        *Types   // of a module: the kernel's
	first       uint32   // id of pos[0]
	strFirst    uint32   // offset of strs[0] among all strings

	made   map[uint32]*ctype.Type
	making map[uint32]bool
}

// header is the beginning of a file.
type header struct {
	Magic                            uint16
	Version, Flags                   uint8
	Len                              uint32
	TypeOff, TypeLen, StrOff, StrLen uint32
}

// New indexes a file; base is the kernel's types for that of a module, nil for
// the kernel's own.
func New(data []byte, base *Types) (*Types, error) {
	var h header
	if _, err := binary.Decode(data, binary.NativeEndian, &h); err != nil || h.Magic != 0xeb9f {
		return nil, ErrFormat
	}
	rest := data[min(uint64(h.Len), uint64(len(data))):]
	cut := func(off, n uint32) []byte {
		if uint64(off)+uint64(n) > uint64(len(rest)) {
			return nil
		}
		return rest[off : off+n]
	}
	t := &Types{
		types: cut(h.TypeOff, h.TypeLen), strs: cut(h.StrOff, h.StrLen), base: base, first: 1,
		made: map[uint32]*ctype.Type{}, making: map[uint32]bool{},
	}
	if base != nil {
		t.first = base.first + uint32(len(base.pos))
		t.strFirst = base.strFirst + uint32(len(base.strs))
	}
	return t, t.index()
}

// index notes where each type begins.
func (t *Types) index() error {
	t.pos = make([]uint32, 0, len(t.types)/24)
	for at := 0; at < len(t.types); {
		if at+12 > len(t.types) {
			return ErrFormat
		}
		n := size(binary.NativeEndian.Uint32(t.types[at+4:]))
		if n < 0 || at+n > len(t.types) {
			return ErrFormat
		}
		t.pos = append(t.pos, uint32(at))
		at += n
	}
	return nil
}

// size is the bytes that a type takes by its info word, negative for a kind
// that is not known.
func size(info uint32) int {
	n := int(info & 0xffff)
	switch kind(info >> 24 & 31) {
	case kindPtr, kindFwd, kindTypedef, kindVolatile, kindConst, kindRestrict, kindFunc, kindFloat, kindTypeTag:
		return 12
	case kindInt, kindVar, kindDeclTag:
		return 16
	case kindArray:
		return 24
	case kindStruct, kindUnion, kindDatasec, kindEnum64:
		return 12 + 12*n
	case kindEnum, kindFuncProto:
		return 12 + 8*n
	}
	return -1
}

// raw is one type as the file has it.
type raw struct {
	name, info, size uint32 // size, or the type that it speaks of
	rest             []byte
}

func (r raw) kind() kind { return kind(r.info >> 24 & 31) }
func (r raw) flag() bool { return r.info>>31 != 0 }
func (r raw) vlen() int  { return int(r.info & 0xffff) }

// word is word i behind the head.
func (r raw) word(i int) uint32 { return binary.NativeEndian.Uint32(r.rest[4*i:]) }

// raw finds a type; void for an id that is none.
func (t *Types) raw(id uint32) raw {
	if id < t.first {
		if t.base != nil {
			return t.base.raw(id)
		}
		return raw{}
	}
	if id-t.first >= uint32(len(t.pos)) {
		return raw{}
	}
	return t.at(int(id - t.first))
}

func (t *Types) at(i int) raw {
	b := t.types[t.pos[i]:]
	if i+1 < len(t.pos) {
		b = b[:t.pos[i+1]-t.pos[i]]
	}
	word := binary.NativeEndian.Uint32
	return raw{name: word(b), info: word(b[4:]), size: word(b[8:]), rest: b[12:]}
}

// str is the string at an offset.
func (t *Types) str(off uint32) string {
	if off < t.strFirst {
		return t.base.str(off)
	}
	off -= t.strFirst
	if off >= uint32(len(t.strs)) {
		return ""
	}
	b := t.strs[off:]
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	return string(b)
}

// offset finds a string: each is there only once.
func (t *Types) offset(s string) (uint32, bool) {
	if t.base != nil {
		if off, ok := t.base.offset(s); ok {
			return off, true
		}
	}
	i := bytes.Index(t.strs, []byte("\x00"+s+"\x00"))
	if i < 0 || s == "" {
		return 0, false
	}
	return t.strFirst + uint32(i) + 1, true
}

// find is the id of a type by kind and name, 0 for none.
func (t *Types) find(name string, kinds ...kind) uint32 {
	off, ok := t.offset(name)
	if !ok {
		return 0
	}
	for i, at := range t.pos {
		if binary.NativeEndian.Uint32(t.types[at:]) != off {
			continue
		}
		if slices.Contains(kinds, t.at(i).kind()) {
			return t.first + uint32(i)
		}
	}
	return 0
}
