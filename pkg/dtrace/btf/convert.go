package btf

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
)

// Type makes a type by its id. What a struct has in it is made when it is
// looked at.
func (t *Types) Type(id uint32) *ctype.Type {
	if id == 0 {
		return ctype.VoidT
	}
	if id < t.first && t.base != nil {
		return t.base.Type(id)
	}
	if made := t.made[id]; made != nil {
		return made
	}
	if t.making[id] { // only a file that lies speaks of a type in itself
		return ctype.VoidT
	}
	t.making[id] = true
	defer delete(t.making, id)
	made := t.make(id, t.raw(id))
	t.made[id] = made
	return made
}

func (t *Types) make(id uint32, r raw) *ctype.Type {
	name := t.str(r.name)
	switch r.kind() {
	case kindInt:
		return integer(name, r)
	case kindFloat:
		return &ctype.Type{Kind: ctype.Float, Name: name, Size: int(r.size)}
	case kindPtr:
		p := ctype.PointerTo(t.Type(r.size))
		to := t.raw(r.size)
		p.User = to.kind() == kindTypeTag && t.str(to.name) == "user"
		return p
	case kindArray:
		return ctype.ArrayOf(t.Type(r.word(0)), int(int32(r.word(2))))
	case kindStruct, kindUnion:
		return t.composite(id, name, r)
	case kindEnum, kindEnum64:
		return t.enum(name, r)
	case kindFwd:
		return &ctype.Type{Kind: ctype.Forward, Name: name}
	case kindTypedef:
		return ctype.Def(name, t.Type(r.size))
	case kindConst, kindVolatile:
		return qualified(t.Type(r.size), r.kind())
	case kindRestrict, kindTypeTag, kindFunc, kindVar:
		return t.Type(r.size)
	case kindFuncProto:
		return t.function(r)
	}
	return ctype.VoidT
}

// integer keeps the name that the compiler gave, which is C's with the words in
// another order.
func integer(name string, r raw) *ctype.Type {
	const signed = 1
	known := map[string]*ctype.Type{
		"char": ctype.Char, "unsigned char": ctype.UChar, "signed char": ctype.SChar,
		"short int": ctype.Short, "short unsigned int": ctype.UShort, "int": ctype.IntT, "unsigned int": ctype.UInt,
		"long int": ctype.Long, "long unsigned int": ctype.ULong,
		"long long int": ctype.LLong, "long long unsigned int": ctype.ULLong,
	}[name]
	if known != nil && known.Size == int(r.size) {
		return known
	}
	return &ctype.Type{
		Kind: ctype.Int, Name: name, Size: int(r.size),
		Signed: r.word(0)>>24&signed != 0, Char: r.size == 1 && name != "_Bool",
	}
}

// qualified is a copy with const or volatile on it, of what shows it.
func qualified(t *ctype.Type, k kind) *ctype.Type {
	switch t.Kind {
	case ctype.Int, ctype.Struct, ctype.Union, ctype.Typedef, ctype.Enum:
	default:
		return t
	}
	c := *t
	if k == kindConst {
		c.Const = true
	} else {
		c.Volatile = true
	}
	if t.IsSOU() && t.Kind != ctype.Typedef {
		c.SetMembers(t.Members)
	}
	return &c
}

func (t *Types) composite(id uint32, name string, r raw) *ctype.Type {
	s := &ctype.Type{Kind: ctype.Struct, Name: name, Size: int(r.size)}
	if r.kind() == kindUnion {
		s.Kind = ctype.Union
	}
	s.SetMembers(func() []ctype.Member { return t.members(id, r) })
	return s
}

func (t *Types) members(id uint32, r raw) []ctype.Member {
	list := make([]ctype.Member, 0, r.vlen())
	for i := range r.vlen() {
		name, in, off := t.str(r.word(3*i)), r.word(3*i+1), r.word(3*i+2)
		if name == "" && in >= id && t.raw(in).size >= r.size { // it would be in itself
			if in == id || t.first+uint32(t.count) <= in {
				continue
			}
		}
		m := ctype.Member{Name: name, Type: t.Type(in)}
		bits := uint32(0)
		if r.flag() {
			bits, off = off>>24, off&0xffffff
		}
		m.Offset = int(off / 8)
		if bits > 0 {
			unit := max(m.Type.Bytes(), 1)
			m.Offset = m.Offset / unit * unit
			m.BitOff, m.BitSize = int(off)-8*m.Offset, int(bits)
		}
		list = append(list, m)
	}
	return list
}

func (t *Types) enum(name string, r raw) *ctype.Type {
	e := &ctype.Type{Kind: ctype.Enum, Name: name, Size: int(r.size), Signed: r.flag()}
	step := 2
	if r.kind() == kindEnum64 {
		step = 3
	}
	for i := range r.vlen() {
		e.Values = append(e.Values, ctype.Enumerator{Name: t.str(r.word(i * step)), Value: enumValue(r, i)})
	}
	return e
}

func enumValue(r raw, i int) int64 {
	switch {
	case r.kind() == kindEnum64:
		return int64(uint64(r.word(3*i+1)) | uint64(r.word(3*i+2))<<32)
	case r.flag():
		return int64(int32(r.word(2*i + 1)))
	}
	return int64(r.word(2*i + 1))
}

func (t *Types) function(r raw) *ctype.Type {
	f := &ctype.Type{Kind: ctype.Func, Elem: t.Type(r.size)}
	for i := range r.vlen() {
		name, in := r.word(2*i), r.word(2*i+1)
		if in == 0 && name == 0 {
			f.Variadic = true
			continue
		}
		f.Params = append(f.Params, t.Type(in))
	}
	return f
}
