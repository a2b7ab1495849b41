package sema

import (
	"math"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

const (
	tagDeclCharAttr lang.Tag = "D_DECL_CHARATTR"
	tagDeclVoidAttr lang.Tag = "D_DECL_VOIDATTR"
	tagDeclSignInt  lang.Tag = "D_DECL_SIGNINT"
	tagDeclLongInt  lang.Tag = "D_DECL_LONGINT"
	tagDeclIdent    lang.Tag = "D_DECL_IDENT"
	tagDeclArrSub   lang.Tag = "D_DECL_ARRSUB"
	tagDeclArrNull  lang.Tag = "D_DECL_ARRNULL"
	tagDeclArrBig   lang.Tag = "D_DECL_ARRBIG"
	tagDeclTypeRed  lang.Tag = "D_DECL_TYPERED"
	tagDeclIDRed    lang.Tag = "D_DECL_IDRED"
	tagDeclMName    lang.Tag = "D_DECL_MNAME"
	tagDeclScope    lang.Tag = "D_DECL_SCOPE"
	tagDeclBFConst  lang.Tag = "D_DECL_BFCONST"
	tagDeclBFSize   lang.Tag = "D_DECL_BFSIZE"
	tagDeclBFType   lang.Tag = "D_DECL_BFTYPE"
	tagDeclEnConst  lang.Tag = "D_DECL_ENCONST"
	tagDeclEnOflow  lang.Tag = "D_DECL_ENOFLOW"
	tagDeclIncompl  lang.Tag = "D_DECL_INCOMPLETE"
	tagProtoVoid    lang.Tag = "D_DECL_PROTO_VOID"
	tagProtoName    lang.Tag = "D_DECL_PROTO_NAME"
	tagProtoType    lang.Tag = "D_DECL_PROTO_TYPE"
	tagProtoVarargs lang.Tag = "D_DECL_PROTO_VARARGS"
	tagTypeErr      lang.Tag = "D_TYPE_ERR"
	tagUnknown      lang.Tag = "D_UNKNOWN"
)

const wantDimension = "positive integral constant expression or tuple signature expected as array declaration subscript"

func orAnon(name string) string {
	if name == "" {
		return "(anon)"
	}
	return name
}

// typeOf makes the type that was written.
func (c *checker) typeOf(t *lang.TypeExpr) (*ctype.Type, error) {
	return c.declared(t.Specs, t.Decl)
}

// declared applies a declarator to its specifiers.
func (c *checker) declared(s *lang.Specs, d *lang.Declarator) (*ctype.Type, error) {
	t, err := c.specType(s)
	if err != nil {
		return nil, err
	}
	for _, how := range slices.Backward(d.Derive) {
		if t, err = c.derive(t, how); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (c *checker) derive(t *ctype.Type, how lang.Derivation) (*ctype.Type, error) {
	switch how.Form {
	case lang.Pointer:
		return ctype.PointerTo(t), nil
	case lang.Function:
		params, err := c.functionParams(how.Params)
		return &ctype.Type{Kind: ctype.Func, Elem: t, Params: params}, err
	case lang.Tuple:
		return t, nil // the caller reads the keys
	}
	if how.Size == nil {
		return ctype.ArrayOf(t, 0), nil
	}
	n, err := c.constant(how.Size, tagDeclArrSub, wantDimension)
	if err != nil {
		return nil, err
	}
	switch {
	case n < 0:
		return nil, errorf(how.Size.Position(), tagDeclArrSub, wantDimension)
	case n > math.MaxInt32 || n*int64(max(1, t.Bytes())) > math.MaxInt32:
		return nil, errorf(how.Size.Position(), tagDeclArrBig, "array dimension too big")
	}
	return ctype.ArrayOf(t, int(n)), nil
}

func (c *checker) constant(x lang.Expr, tag lang.Tag, msg string) (int64, error) {
	e, err := c.expr(x)
	if err != nil {
		return 0, err
	}
	k, ok := e.(*ir.Const)
	if !ok {
		return 0, errorf(x.Position(), tag, "%s", msg)
	}
	return k.V, nil
}

// functionParams are the types of a function's parameters.
func (c *checker) functionParams(params []*lang.Param) ([]*ctype.Type, error) {
	if n := len(params); n > 0 && params[n-1].Variadic {
		params = params[:n-1]
	}
	for i, p := range params {
		if !p.Variadic && slices.ContainsFunc(p.Decl.Derive, func(d lang.Derivation) bool { return d.Form == lang.Tuple }) {
			return nil, badParam(p, "function", "dynamic variable", i)
		}
	}
	if len(params) == 1 && !params[0].Variadic {
		return c.paramTypes(params)
	}
	return c.paramsOf(params, func(p *lang.Param, _ int) error {
		return errorf(p.Pos, tagProtoVoid, "void must be sole parameter")
	})
}

func badParam(p *lang.Param, kind, what string, i int) error {
	name := p.Decl.Name
	if name == "" {
		name = "(anonymous)"
	}
	return errorf(p.Pos, tagProtoType, "%s prototype may not use parameter of type %s: %s, parameter #%d", kind, what, name, i+1)
}

// paramTypes are the types of a key.
func (c *checker) paramTypes(params []*lang.Param) ([]*ctype.Type, error) {
	return c.paramsOf(params, func(p *lang.Param, i int) error { return badParam(p, "array", "void", i) })
}

// paramsOf checks parameters; void is an error unless it is the only one.
func (c *checker) paramsOf(params []*lang.Param, void func(*lang.Param, int) error) ([]*ctype.Type, error) {
	var types []*ctype.Type
	for i, p := range params {
		if p.Variadic {
			return nil, errorf(p.Pos, tagProtoVarargs, "array prototype may not use a variable-length argument list")
		}
		if p.Specs.Storage != "" && p.Specs.Storage != "register" {
			return nil, errorf(p.Pos, lang.TagDeclParm, "inappropriate storage class for function or associative array parameter")
		}
		t, err := c.declared(p.Specs, p.Decl)
		if err != nil {
			return nil, err
		}
		if t.IsVoid() {
			if len(params) > 1 {
				return nil, void(p, i)
			}
			if p.Decl.Name != "" {
				return nil, errorf(p.Pos, tagProtoName, "void parameter may not have a name: %s", p.Decl.Name)
			}
			return nil, nil
		}
		types = append(types, t)
	}
	return types, nil
}

func (c *checker) specType(s *lang.Specs) (*ctype.Type, error) {
	attrs := s.Signed || s.Unsigned || s.Short || s.Long > 0
	switch s.Base {
	case "", "int", "char":
		return intType(s)
	case "void":
		if attrs {
			return nil, errorf(s.Pos, tagDeclVoidAttr, "invalid type declaration: attributes may not be used with void type")
		}
		return ctype.VoidT, nil
	case "float", "double":
		return floatType(s)
	}
	if s.Signed || s.Unsigned || s.Short {
		return nil, errorf(s.Pos, tagDeclSignInt, "invalid type declaration: signed and unsigned may only be used with integer type")
	}
	if s.Long > 0 {
		return nil, errorf(s.At(), tagDeclLongInt, "invalid type declaration: long and long long may only be used with integer or floating-point type")
	}
	switch s.Base {
	case "string":
		return c.str, nil
	case lang.TypeName:
		if t := c.typedef(s.Name); t != nil {
			return t, nil
		}
		return nil, errorf(s.Pos, tagTypeErr, "failed to resolve type %s: Unknown type name", s.Name)
	case "enum":
		return c.enumType(s)
	}
	return c.structType(s)
}

func intType(s *lang.Specs) (*ctype.Type, error) {
	if s.Base == "char" {
		switch {
		case s.Short || s.Long > 0:
			return nil, errorf(s.Pos, tagDeclCharAttr, "invalid type declaration: short and long may not be used with char type")
		case s.Unsigned:
			return ctype.UChar, nil
		case s.Signed:
			return ctype.SChar, nil
		}
		return ctype.Char, nil
	}
	switch {
	case s.Base == "" && !s.Signed && !s.Unsigned && !s.Short && s.Long == 0:
		return ctype.IntT, nil // "self x;" and "const x;" are ints
	case s.Short:
		return ctype.Integer(2, !s.Unsigned), nil
	case s.Long == 2 && s.Unsigned:
		return ctype.ULLong, nil
	case s.Long == 2:
		return ctype.LLong, nil
	case s.Long == 1:
		return ctype.Integer(8, !s.Unsigned), nil
	}
	return ctype.Integer(4, !s.Unsigned), nil
}

func floatType(s *lang.Specs) (*ctype.Type, error) {
	switch {
	case s.Signed || s.Unsigned || s.Short:
		return nil, errorf(s.Pos, tagDeclSignInt, "invalid type declaration: signed and unsigned may only be used with integer type")
	case s.Long > 1 || s.Long == 1 && s.Base == "float":
		return nil, errorf(s.Pos, lang.TagDeclCombo, "invalid type combination")
	case s.Long == 1:
		return ctype.LDoubl, nil
	case s.Base == "float":
		return ctype.FloatT, nil
	}
	return ctype.Double, nil
}

// structType finds or defines a struct or union.
func (c *checker) structType(s *lang.Specs) (*ctype.Type, error) {
	kind := string(s.Base)
	if !s.HasBody {
		if t := c.tagged(kind, s.Name); t != nil {
			return t, nil
		}
		t := &ctype.Type{Kind: ctype.Forward, Name: s.Name}
		c.tags[kind+" "+s.Name] = t
		return t, nil
	}
	t := &ctype.Type{Kind: ctype.Struct, Name: s.Name}
	if kind == "union" {
		t.Kind = ctype.Union
	}
	if s.Name != "" {
		old := c.tags[kind+" "+s.Name]
		if old != nil && old.Kind != ctype.Forward {
			return nil, errorf(s.Pos, tagDeclTypeRed, "type redeclared: %s %s", kind, s.Name)
		}
		if old != nil { // complete what was named before
			old.Kind = t.Kind
			t = old
		}
		c.tags[kind+" "+s.Name] = t
	}
	return t, c.layOut(t, s)
}

// layOut places members as the ABI does.
func (c *checker) layOut(t *ctype.Type, s *lang.Specs) error {
	l := layout{union: t.Kind == ctype.Union, seen: map[string]bool{}}
	for _, m := range s.Members {
		if len(m.Vars) == 0 {
			in, err := c.specType(m.Specs)
			if err != nil {
				return err
			}
			l.add(ctype.Member{Type: in})
		}
		for _, v := range m.Vars {
			if err := c.member(&l, m, v); err != nil {
				return err
			}
		}
	}
	t.Size = l.size()
	members := l.members
	t.SetMembers(func() []ctype.Member { return members })
	return nil
}

func (c *checker) member(l *layout, m *lang.MemberDecl, v *lang.Declarator) error {
	mt, err := c.declared(m.Specs, v)
	if err != nil {
		return err
	}
	switch b := mt.Base(); {
	case v.Name == "" && v.Bits == nil:
		return errorf(v.Pos, tagDeclMName, "member declaration requires a name")
	case l.seen[v.Name]:
		return errorf(v.Pos, tagUnknown, "failed to define member '%s': Duplicate member or variable name", v.Name)
	case b.Kind == ctype.Void:
		return errorf(v.Pos, "D_DECL_VOIDOBJ", "cannot have void member: %s", v.Name)
	case b.Kind == ctype.Func || b.Kind == ctype.Forward || b.Kind == ctype.Dynamic:
		return errorf(v.Pos, tagDeclIncompl, "incomplete struct/union/enum %s: %s", typeName(mt), v.Name)
	}
	if v.Name != "" {
		l.seen[v.Name] = true
	}
	if v.Bits == nil {
		l.add(ctype.Member{Name: v.Name, Type: mt})
		return nil
	}
	if !mt.IsInt() {
		return errorf(v.Pos, tagDeclBFType, "invalid type for bit-field: %s", orAnon(v.Name))
	}
	n, err := c.constant(v.Bits, tagDeclBFConst, "positive integral constant expression expected as bit-field size")
	if err != nil {
		return err
	}
	if n <= 0 && v.Name != "" || n < 0 {
		return errorf(v.Pos, tagDeclBFConst, "positive integral constant expression expected as bit-field size")
	}
	if n > int64(mt.Bytes()*8) {
		return errorf(v.Pos, tagDeclBFSize, "bit-field too big for type: %s", v.Name)
	}
	l.addBits(v.Name, mt, int(n))
	return nil
}

type layout struct {
	union   bool
	bits    int // used so far
	largest int // of a union, in bits
	align   int
	fields  bool // there are bit-fields
	reach   int  // bits up to the end of the last one's unit
	members []ctype.Member
	seen    map[string]bool
}

func alignOf(t *ctype.Type) int {
	b := t.Base()
	switch b.Kind {
	case ctype.Array:
		return alignOf(b.Elem)
	case ctype.Struct, ctype.Union:
		a := 1
		for _, m := range b.Members() {
			a = max(a, alignOf(m.Type))
		}
		return a
	case ctype.Str:
		return 1
	}
	return min(max(b.Size, 1), 16)
}

func (l *layout) add(m ctype.Member) {
	a := alignOf(m.Type)
	l.align = max(l.align, a)
	if l.union {
		l.largest = max(l.largest, m.Type.Bytes()*8)
	} else {
		l.bits = (l.bits + a*8 - 1) / (a * 8) * (a * 8)
		m.Offset = l.bits / 8
		l.bits += m.Type.Bytes() * 8
	}
	l.members = append(l.members, m)
}

// addBits places a bit-field. As in all of D's implementations it begins at a
// byte, as its size asks for, and a struct with one ends where its last does.
func (l *layout) addBits(name string, t *ctype.Type, n int) {
	size := 1
	for size*8 < n {
		size *= 2
	}
	l.fields = true
	if n == 0 {
		l.bits = (l.bits + t.Bytes()*8 - 1) / (t.Bytes() * 8) * (t.Bytes() * 8)
		return
	}
	at := 0
	if l.union {
		l.largest = max(l.largest, size*8)
	} else {
		at = (l.bits + size*8 - 1) / (size * 8) * size
		l.bits = at*8 + (n+7)/8*8
		l.reach = at*8 + size*8
	}
	if name == "" {
		return
	}
	l.members = append(l.members, ctype.Member{Name: name, Type: t, Offset: at, BitSize: n, Unit: size})
}

func (l *layout) size() int {
	bits := max(l.bits, l.largest)
	a := max(l.align, 1) * 8
	if l.fields {
		return max(bits, l.reach) / 8
	}
	return (bits + a - 1) / a * a / 8
}

// enumType finds or defines an enum.
func (c *checker) enumType(s *lang.Specs) (*ctype.Type, error) {
	if !s.HasBody {
		if t := c.tagged("enum", s.Name); t != nil {
			return t, nil
		}
		t := &ctype.Type{Kind: ctype.Enum, Name: s.Name, Size: 4, Signed: true}
		c.tags["enum "+s.Name] = t
		return t, nil
	}
	t := &ctype.Type{Kind: ctype.Enum, Name: s.Name, Size: 4, Signed: true}
	if s.Name != "" {
		if old := c.tags["enum "+s.Name]; old != nil && len(old.Values) > 0 {
			return nil, errorf(s.Pos, tagDeclTypeRed, "type redeclared: enum %s", s.Name)
		}
		c.tags["enum "+s.Name] = t
	}
	next := int64(0)
	seen := map[string]bool{}
	for _, e := range s.Enums {
		if seen[e.Name] {
			return nil, errorf(e.End, tagUnknown, "failed to define enumerator '%s': Duplicate member or variable name", e.Name)
		}
		seen[e.Name] = true
		v, err := c.enumerator(e, next)
		if err != nil {
			return nil, err
		}
		t.Values = append(t.Values, ctype.Enumerator{Name: e.Name, Value: v})
		c.enums[e.Name] = v
		next = v + 1
	}
	return t, nil
}

func (c *checker) enumerator(e lang.Enumerator, next int64) (int64, error) {
	if _, ok := c.enums[e.Name]; ok || c.globals[e.Name] != nil {
		return 0, errorf(e.End, tagDeclIDRed, "identifier redeclared: %s", e.Name)
	}
	if e.Value != nil {
		v, err := c.constant(e.Value, tagDeclEnConst, "enumerator '"+e.Name+"' must be assigned to an integral constant expression")
		if err != nil {
			return 0, err
		}
		next = v
	}
	if next > math.MaxInt32 || next < math.MinInt32 {
		return 0, errorf(e.End, tagDeclEnOflow, "enumerator '%s' value overflows INT_MAX (%d)", e.Name, int64(math.MaxInt32))
	}
	return next, nil
}
