// Package ctype is the type system of D: C's types on a 64-bit LP64 machine and
// D's own (string, stack, aggregation). It is pure data and arithmetic; where
// types come from (the program, the kernel's BTF, an executable) is the
// business of whoever fills it.
package ctype

import "fmt"

// Kind is a type's kind.
type Kind int

// The kinds.
const (
	Void  Kind = iota
	Int        // char, short, int, long, bool: Size and Signed
	Float      // passed through, never computed with
	Pointer
	Array
	Func
	Struct
	Union
	Enum
	Typedef
	Forward // a struct or union that is named only
	Str     // D's string
	Stack   // result of stack() and ustack()
	Sym     // result of sym() and its kin: an address that prints as a name
	Agg     // an aggregation, or the result of an aggregating function
	Dynamic // no type of its own: <DYN>, an undefined associative array's element
)

// Type is one type. Types are compared with Same, not with ==.
type Type struct {
	Kind   Kind
	Name   string // int, long long, tag of a struct, name of a typedef
	Size   int    // bytes; 0 when incomplete
	Signed bool   // of Int and Enum
	Char   bool   // of Int: prints as a character type does
	Elem   *Type  // of Pointer, Array, Typedef, and result of Func
	Len    int    // of Array
	User   bool   // of Pointer: into the memory of the traced process
	Alloca bool   // of Pointer: into D's own scratch memory

	Const, Volatile bool

	Params   []*Type // of Func
	Variadic bool

	members func() []Member
	Values  []Enumerator
}

// Member is one member of a struct or union.
type Member struct {
	Name    string // empty for an anonymous struct or union
	Type    *Type
	Offset  int // bytes from the beginning, of the storage unit of a bit-field
	BitOff  int // bits from Offset, of a bit-field
	BitSize int // 0 for none
	Unit    int // bytes that a bit-field is read with, 0 for its type's
}

// Bytes is what is read to get at a member.
func (m Member) Bytes() int {
	if m.Unit > 0 {
		return m.Unit
	}
	return m.Type.Bytes()
}

// Enumerator is one name of an enum.
type Enumerator struct {
	Name  string
	Value int64
}

// SetMembers gives a struct or union its members, computed when first asked
// for: the kernel's types form a large graph.
func (t *Type) SetMembers(f func() []Member) { t.members = f }

// Members are those of a struct or union.
func (t *Type) Members() []Member {
	t = t.Base()
	if t.members == nil {
		return nil
	}
	all := t.members()
	t.members = func() []Member { return all }
	return all
}

// Base strips typedefs.
func (t *Type) Base() *Type {
	for t.Kind == Typedef {
		t = t.Elem
	}
	return t
}

// Bytes is the size, seen through typedefs and arrays.
func (t *Type) Bytes() int {
	b := t.Base()
	if b.Kind == Array {
		return b.Len * b.Elem.Bytes()
	}
	return b.Size
}

// The predicates of C's and D's rules, seen through typedefs.

// IsInt reports an integer or enumeration.
func (t *Type) IsInt() bool { k := t.Base().Kind; return k == Int || k == Enum }

// IsArith reports an integer or floating type.
func (t *Type) IsArith() bool { return t.IsInt() || t.Base().Kind == Float }

// IsPointer reports a pointer.
func (t *Type) IsPointer() bool { return t.Base().Kind == Pointer }

// IsArray reports an array.
func (t *Type) IsArray() bool { return t.Base().Kind == Array }

// IsScalar reports what may stand in a condition.
func (t *Type) IsScalar() bool { return t.IsInt() || t.IsPointer() || t.Base().Kind == Float }

// IsString reports D's string type.
func (t *Type) IsString() bool { return t.Base().Kind == Str }

// IsSOU reports a struct or union.
func (t *Type) IsSOU() bool { k := t.Base().Kind; return k == Struct || k == Union }

// IsVoid reports void.
func (t *Type) IsVoid() bool { return t.Base().Kind == Void }

// IsStringLike reports what may be used as a string: a string, or a pointer to
// or array of characters.
func (t *Type) IsStringLike() bool {
	b := t.Base()
	switch b.Kind {
	case Str:
		return true
	case Pointer, Array:
		return b.Elem.Base().Kind == Int && b.Elem.Base().Size == 1
	}
	return false
}

// PointerTo is a pointer to t.
func PointerTo(t *Type) *Type { return &Type{Kind: Pointer, Size: 8, Elem: t} }

// ArrayOf is an array of n times t.
func ArrayOf(t *Type, n int) *Type { return &Type{Kind: Array, Elem: t, Len: n} }

// Integer returns the integer type of that size and signedness as D names it.
func Integer(size int, signed bool) *Type {
	switch {
	case size == 1 && signed:
		return Char
	case size == 1:
		return UChar
	case size == 2 && signed:
		return Short
	case size == 2:
		return UShort
	case size == 4 && signed:
		return IntT
	case size == 4:
		return UInt
	case signed:
		return Long
	}
	return ULong
}

// The basic types.
var (
	VoidT  = &Type{Kind: Void, Name: "void"}
	Char   = &Type{Kind: Int, Name: "char", Size: 1, Signed: true, Char: true}
	UChar  = &Type{Kind: Int, Name: "unsigned char", Size: 1, Char: true}
	SChar  = &Type{Kind: Int, Name: "signed char", Size: 1, Signed: true, Char: true}
	Short  = &Type{Kind: Int, Name: "short", Size: 2, Signed: true}
	UShort = &Type{Kind: Int, Name: "unsigned short", Size: 2}
	IntT   = &Type{Kind: Int, Name: "int", Size: 4, Signed: true}
	UInt   = &Type{Kind: Int, Name: "unsigned int", Size: 4}
	Long   = &Type{Kind: Int, Name: "long", Size: 8, Signed: true}
	ULong  = &Type{Kind: Int, Name: "unsigned long", Size: 8}
	LLong  = &Type{Kind: Int, Name: "long long", Size: 8, Signed: true}
	ULLong = &Type{Kind: Int, Name: "unsigned long long", Size: 8}
	FloatT = &Type{Kind: Float, Name: "float", Size: 4}
	Double = &Type{Kind: Float, Name: "double", Size: 8}
	LDoubl = &Type{Kind: Float, Name: "long double", Size: 16}
	AggT   = &Type{Kind: Agg, Name: "<DYN>"}
	DynT   = &Type{Kind: Dynamic, Name: "<DYN>"}
	StackT = &Type{Kind: Stack, Name: "stack"}
	SymT   = &Type{Kind: Sym, Name: "_symaddr", Size: 8}
)

// String is the type string whose values take size bytes, with their NUL.
func String(size int) *Type { return &Type{Kind: Str, Name: "string", Size: size} }

// Def is a typedef of the given name.
func Def(name string, t *Type) *Type { return &Type{Kind: Typedef, Name: name, Elem: t} }

// typedefs that every D program has, by what they stand for.
func builtin(name string) *Type {
	switch name {
	case "int8_t":
		return SChar
	case "int16_t":
		return Short
	case "int32_t", "pid_t", "zoneid_t", "id_t", "processorid_t", "psetid_t", "chipid_t", "taskid_t", "projid_t", "poolid_t", "ctid_t":
		return IntT
	case "int64_t", "intptr_t", "ssize_t", "off_t", "time_t", "clock_t", "longlong_t", "hrtime_t", "offset_t", "lgrp_id_t":
		return Long
	case "uint8_t", "uchar_t":
		return UChar
	case "uint16_t", "ushort_t":
		return UShort
	case "uint32_t", "ipaddr_t", "uint_t", "uid_t", "gid_t", "mode_t", "model_t", "minor_t", "major_t":
		return UInt
	case "uint64_t", "uintptr_t", "ulong_t", "u_longlong_t", "size_t", "dev_t", "ino_t", "pfn_t", "pgcnt_t":
		return ULong
	case "caddr_t":
		return PointerTo(Char)
	}
	return nil
}

// Builtin is a typedef that every D program has; nil when it is none.
func Builtin(name string) *Type {
	if t := builtin(name); t != nil {
		return Def(name, t)
	}
	return nil
}

// Find looks a member up, also in anonymous structs and unions; the offset is
// from the beginning of t.
func (t *Type) Find(name string) (Member, bool) {
	for _, m := range t.Members() {
		if m.Name == name {
			return m, true
		}
		if m.Name != "" || !m.Type.IsSOU() {
			continue
		}
		if in, ok := m.Type.Find(name); ok {
			in.Offset += m.Offset
			return in, true
		}
	}
	return Member{}, false
}

// Promote is the type in which D computes with one operand: its own. Unlike in
// C, what is narrower than int stays so.
func Promote(t *Type) *Type {
	b := t.Base()
	if b.Kind == Enum {
		return IntT
	}
	return b
}

// Common is the type in which D computes with two arithmetic operands: the
// larger one, and of two of one size the unsigned one.
func Common(a, b *Type) *Type {
	a, b = Promote(a), Promote(b)
	switch {
	case a.Size > b.Size:
		return a
	case b.Size > a.Size:
		return b
	case !b.Signed:
		return b
	}
	return a
}

// Same reports whether two types are the same through typedefs.
func Same(a, b *Type) bool {
	a, b = a.Base(), b.Base()
	if a == b {
		return true
	}
	if a.Kind != b.Kind {
		return isTagged(a) && isTagged(b) && a.Name == b.Name && a.Name != ""
	}
	switch a.Kind {
	case Int:
		return a.Size == b.Size && a.Signed == b.Signed
	case Pointer:
		return Same(a.Elem, b.Elem)
	case Array:
		return a.Len == b.Len && Same(a.Elem, b.Elem)
	case Struct, Union, Enum, Forward:
		return a.Name == b.Name && a.Name != ""
	case Func:
		return sameFunc(a, b)
	}
	return true
}

func isTagged(t *Type) bool { return t.IsSOU() || t.Kind == Forward }

func sameFunc(a, b *Type) bool {
	if len(a.Params) != len(b.Params) || !Same(a.Elem, b.Elem) {
		return false
	}
	for i := range a.Params {
		if !Same(a.Params[i], b.Params[i]) {
			return false
		}
	}
	return true
}

// String writes the type as C does.
func (t *Type) String() string { return t.format("") }

func (t *Type) format(inner string) string {
	switch t.Kind {
	case Pointer:
		if k := t.Elem.Kind; k == Array || k == Func {
			return t.Elem.format("(*" + inner + ")")
		}
		return t.Elem.format("*" + inner)
	case Array:
		if t.Len == 0 {
			return t.Elem.format(inner + "[]")
		}
		return t.Elem.format(fmt.Sprintf("%s[%d]", inner, t.Len))
	case Func:
		return t.Elem.format(inner + "()")
	}
	name := t.Name
	switch t.Kind {
	case Struct, Forward:
		name = "struct " + orAnon(name)
	case Union:
		name = "union " + orAnon(name)
	case Enum:
		name = "enum " + orAnon(name)
	}
	if t.Const {
		name = "const " + name
	}
	if inner == "" {
		return name
	}
	if inner[0] == '[' {
		return name + " " + inner
	}
	return name + " " + inner
}

func orAnon(name string) string {
	if name == "" {
		return "(anon)"
	}
	return name
}
