package btf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
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
	count       int      // of types
	pos         []uint32 // where every stride'th type begins in types
	base        *Types   // of a module: the kernel's
	first       uint32   // id of pos[0]
	strFirst    uint32   // offset of strs[0] among all strings

	found  map[string]uint32 // ids by kind and name
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
		found: map[string]uint32{}, made: map[uint32]*ctype.Type{}, making: map[uint32]bool{},
	}
	if base != nil {
		t.first = base.first + uint32(base.count)
		t.strFirst = base.strFirst + uint32(len(base.strs))
	}
	return t, t.index()
}

// stride is how many types are walked at most to find one by its number. There
// are more than a hundred thousand: a place for each would be half a megabyte
// that most programs touch for nothing.
const stride = 32

// index counts the types and notes where some begin.
func (t *Types) index() error {
	at := 0
	for ; at+head <= len(t.types); t.count++ {
		n := typeSize(t.types[at:])
		if n == 0 || n > len(t.types)-at {
			return ErrFormat
		}
		if t.count%stride == 0 {
			t.pos = append(t.pos, uint32(at))
		}
		at += n
	}
	if at != len(t.types) {
		return ErrFormat
	}
	return nil
}

// walk calls f for the types from number i on, a multiple of stride, until it
// returns false.
func (t *Types) walk(i int, f func(i int, b []byte) bool) {
	if i >= t.count {
		return
	}
	for at := int(t.pos[i/stride]); i < t.count; i++ {
		b := t.types[at:]
		n := typeSize(b)
		if !f(i, b[:n]) {
			return
		}
		at += n
	}
}

// typeSize is the bytes of the type that b begins with, 0 for none.
func typeSize(b []byte) int {
	info := binary.NativeEndian.Uint32(b[4:])
	s := &kindSizes[info>>24&31]
	return int(s.fixed) + int(s.each)*int(info&0xffff)
}

const head = 12 // bytes that every type begins with

// kindSizes are the bytes that a type of each kind takes: fixed, and for each of
// what it is made of. A kind that is not known has none.
var kindSizes = [32]struct{ fixed, each uint8 }{
	kindPtr: {head, 0}, kindFwd: {head, 0}, kindTypedef: {head, 0}, kindVolatile: {head, 0}, kindConst: {head, 0},
	kindRestrict: {head, 0}, kindFunc: {head, 0}, kindFloat: {head, 0}, kindTypeTag: {head, 0},
	kindInt: {head + 4, 0}, kindVar: {head + 4, 0}, kindDeclTag: {head + 4, 0}, kindArray: {head + 12, 0},
	kindStruct: {head, 12}, kindUnion: {head, 12}, kindDatasec: {head, 12}, kindEnum64: {head, 12},
	kindEnum: {head, 8}, kindFuncProto: {head, 8},
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
	if id-t.first >= uint32(t.count) {
		return raw{}
	}
	return t.at(int(id - t.first))
}

func (t *Types) at(number int) (r raw) {
	t.walk(number/stride*stride, func(i int, b []byte) bool {
		if i < number {
			return true
		}
		r = newRaw(b)
		return false
	})
	return r
}

func newRaw(b []byte) raw {
	word := binary.NativeEndian.Uint32
	return raw{name: word(b), info: word(b[4:]), size: word(b[8:]), rest: b[head:]}
}

// all calls f for every type until it returns false.
func (t *Types) all(f func(i int, r raw) bool) {
	t.walk(0, func(i int, b []byte) bool { return f(i, newRaw(b)) })
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
	key := fmt.Sprint(name, kinds)
	id, ok := t.found[key]
	if !ok {
		id = t.search(name, kinds)
		t.found[key] = id
	}
	return id
}

func (t *Types) search(name string, kinds []kind) (id uint32) {
	off, ok := t.offset(name)
	if !ok {
		return 0
	}
	t.walk(0, func(i int, b []byte) bool {
		if binary.NativeEndian.Uint32(b) == off && slices.Contains(kinds, newRaw(b).kind()) {
			id = t.first + uint32(i)
		}
		return id == 0
	})
	return id
}
