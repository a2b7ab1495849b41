package sema

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

const (
	tagIdentUndef  lang.Tag = "D_IDENT_UNDEF"
	tagIdentBadRef lang.Tag = "D_IDENT_BADREF"
	tagVarUndef    lang.Tag = "D_VAR_UNDEF"
	tagSymBadRef   lang.Tag = "D_SYM_BADREF"
	tagSymNoTypes  lang.Tag = "D_SYM_NOTYPES"
	tagOpInt       lang.Tag = "D_OP_INT"
	tagOpScalar    lang.Tag = "D_OP_SCALAR"
	tagOpArith     lang.Tag = "D_OP_ARITH"
	tagOpWrite     lang.Tag = "D_OP_WRITE"
	tagOpLval      lang.Tag = "D_OP_LVAL"
	tagOpIncompat  lang.Tag = "D_OP_INCOMPAT"
	tagOpVfptr     lang.Tag = "D_OP_VFPTR"
	tagOpPtr       lang.Tag = "D_OP_PTR"
	tagOpSou       lang.Tag = "D_OP_SOU"
	tagOpDyn       lang.Tag = "D_OP_DYN"
	tagOpAct       lang.Tag = "D_OP_ACT"
	tagOpIncompl   lang.Tag = "D_OP_INCOMPLETE"
	tagDivZero     lang.Tag = "D_DIV_ZERO"
	tagDerefNonptr lang.Tag = "D_DEREF_NONPTR"
	tagDerefVoid   lang.Tag = "D_DEREF_VOID"
	tagDerefFunc   lang.Tag = "D_DEREF_FUNC"
	tagAddrofLval  lang.Tag = "D_ADDROF_LVAL"
	tagAddrofVar   lang.Tag = "D_ADDROF_VAR"
	tagAddrofBits  lang.Tag = "D_ADDROF_BITFIELD"
	tagCastInval   lang.Tag = "D_CAST_INVAL"
	tagSizeofType  lang.Tag = "D_SIZEOF_TYPE"
	tagSizeofBits  lang.Tag = "D_SIZEOF_BITFIELD"
	tagOffsetType  lang.Tag = "D_OFFSETOF_TYPE"
	tagOffsetBits  lang.Tag = "D_OFFSETOF_BITFIELD"
	tagStringof    lang.Tag = "D_STRINGOF_TYPE"
	tagTypeMember  lang.Tag = "D_TYPE_MEMBER"
	tagArrBounds   lang.Tag = "D_ARR_BOUNDS"
	tagArrBadRef   lang.Tag = "D_ARR_BADREF"
	tagArrLocal    lang.Tag = "D_ARR_LOCAL"
	tagKeyType     lang.Tag = "D_KEY_TYPE"
	tagAggMDim     lang.Tag = "D_AGG_MDIM"
	tagAggFunc     lang.Tag = "D_AGG_FUNC"
	tagProtoLen    lang.Tag = "D_PROTO_LEN"
	tagProtoArg    lang.Tag = "D_PROTO_ARG"
)

func konst(t *ctype.Type, v int64) *ir.Const {
	return &ir.Const{Typed: ir.Typed{T: t}, V: wrap(t, v)}
}

// expr checks an expression and yields its value.
func (c *checker) expr(x lang.Expr) (ir.Expr, error) {
	switch x := x.(type) {
	case *lang.IntLit:
		return intConst(x), nil
	case *lang.StringLit:
		return &ir.Str{Typed: ir.Typed{T: c.str}, S: x.Value}, nil
	case *lang.Ident:
		return c.ident(x)
	case *lang.AggIdent:
		return nil, errorf(x.Pos, tagOpDyn, "aggregation @%s may not be used here", trimAt(x.Name))
	case *lang.Unary:
		return c.unary(x)
	case *lang.Binary:
		return c.binary(x)
	case *lang.Cond:
		return c.cond(x)
	case *lang.Assign:
		return c.assign(x)
	case *lang.IncDec:
		return c.incDec(x)
	case *lang.Call:
		return c.call(x)
	case *lang.Index:
		return c.index(x)
	case *lang.Member:
		return c.memberOf(x)
	case *lang.Cast:
		return c.cast(x)
	case *lang.SizeofType:
		return c.sizeofType(x)
	case *lang.Offsetof:
		return c.offsetof(x)
	case *lang.Xlate:
		return c.xlate(x)
	}
	return nil, errorf(x.Position(), tagUnknown, "unknown expression %T", x)
}

func trimAt(name string) string {
	if name == "@_" {
		return ""
	}
	return name[1:]
}

// intConst gives a constant C's type: the first of int, unsigned, long and
// unsigned long that holds it; a decimal one is unsigned only by suffix or need.
func intConst(x *lang.IntLit) *ir.Const {
	n := x.Num
	t := ctype.IntT
	switch {
	case n.Long && n.Unsigned:
		t = ctype.ULong
	case n.Long:
		t = ctype.Long
	case n.Unsigned:
		t = ctype.UInt
	}
	v := n.Value
	if t.Size == 4 {
		switch {
		case !n.Unsigned && v <= 0x7fffffff:
		case v <= 0xffffffff && (n.Unsigned || !n.Decimal):
			t = ctype.UInt
		default:
			t = ctype.Integer(8, !n.Unsigned)
		}
	}
	if t.Size == 8 && t.Signed && v > 1<<63-1 {
		t = ctype.ULong
	}
	signed := int64(v)
	if n.Negative {
		signed = -signed
	}
	return konst(t, signed)
}

// wrap brings a value into the range of an integer type.
func wrap(t *ctype.Type, v int64) int64 {
	b := t.Base()
	switch {
	case b.Size == 1 && b.Signed:
		return int64(int8(v))
	case b.Size == 1:
		return int64(uint8(v))
	case b.Size == 2 && b.Signed:
		return int64(int16(v))
	case b.Size == 2:
		return int64(uint16(v))
	case b.Size == 4 && b.Signed:
		return int64(int32(v))
	case b.Size == 4:
		return int64(uint32(v))
	}
	return v
}

// convert makes an integer expression another integer type.
func convert(x ir.Expr, t *ctype.Type) ir.Expr {
	if k, ok := x.(*ir.Const); ok {
		return konst(t, k.V)
	}
	from, to := x.Type().Base(), t.Base()
	if from.Kind == to.Kind && from.Size == to.Size && from.Signed == to.Signed {
		return x
	}
	return &ir.Convert{Typed: ir.Typed{T: t}, X: x}
}

func (c *checker) ident(x *lang.Ident) (ir.Expr, error) {
	if e, ok := c.params[x.Name]; ok {
		return e, nil
	}
	scope, name, scoped := splitScope(x.Name)
	if scoped {
		return c.symbol(x, scope, name)
	}
	if in := c.inlines[name]; in != nil {
		return c.expandInline(x.Pos, name, in, nil)
	}
	if v := c.globals[name]; v != nil {
		return c.varRef(x.Pos, v)
	}
	if name == "vtimestamp" {
		return c.vtimestamp()
	}
	if t := c.builtinVar(name); t != nil {
		if len(name) == 4 && name[:3] == "arg" {
			if c.raw {
				return &ir.Builtin{Typed: ir.Typed{T: t}, Name: "raw", Arg: konst(ctype.IntT, int64(name[3]-'0'))}, nil
			}
			if err := c.rawArg(name); err != nil {
				return nil, err
			}
		}
		return &ir.Builtin{Typed: ir.Typed{T: t}, Name: canonical(name)}, nil
	}
	if v, ok := c.enums[name]; ok {
		return konst(ctype.IntT, v), nil
	}
	if k := constant(name); k != nil {
		return k, nil
	}
	if subroutine(name) != nil || isAction(name) {
		return nil, errorf(x.Pos, tagIdentBadRef, "function '%s' is referenced as a variable", name)
	}
	switch name {
	case "self", "this":
		return nil, errorf(x.Pos, lang.TagSyntax, "syntax error near \"%s\"", name)
	case "args", "uregs":
		return nil, errorf(x.Pos, tagArrBadRef, "%s may not be referenced as a scalar", name)
	}
	if in := c.libraryInline(name); in != nil {
		return c.expandInline(x.Pos, name, in, nil)
	}
	if v, ok := c.enums[name]; ok {
		return konst(ctype.IntT, v), nil
	}
	if c.env.Types != nil {
		if v, ok := c.env.Types.Enumerator(name); ok {
			return konst(ctype.IntT, v), nil
		}
	}
	return nil, errorf(x.Pos, tagIdentUndef, "failed to resolve %s: Unknown variable name", name)
}

func canonical(name string) string {
	if name == "comm" {
		return "execname"
	}
	return name
}

func (c *checker) varRef(pos lang.Pos, v *ir.Var) (ir.Expr, error) {
	if v.Keys != nil {
		return nil, errorf(pos, tagIdentBadRef, "associative array '%s' may not be referenced as scalar", v.Name)
	}
	return &ir.VarRef{Typed: ir.Typed{T: v.Type}, V: v}, nil
}

// symbol is a kernel variable or function: vmlinux`jiffies.
func (c *checker) symbol(x *lang.Ident, scope, name string) (ir.Expr, error) {
	if c.env.Types == nil {
		return nil, errorf(x.Pos, tagIdentUndef, "failed to resolve %s: Unknown symbol name", x.Name)
	}
	addr, t, ok := c.env.Types.Symbol(scope, name)
	switch {
	case !ok && t != nil:
		return nil, errorf(x.Pos, tagSymBadRef, "symbol %s has a type but no address: this kernel does not list its data symbols", x.Name)
	case !ok:
		return nil, errorf(x.Pos, tagIdentUndef, "failed to resolve %s: Unknown symbol name", x.Name)
	case t == nil:
		return nil, errorf(x.Pos, tagSymNoTypes, "no symbolic type information is available for %s", x.Name)
	}
	at := konst(ctype.PointerTo(t), int64(addr))
	if t.Base().Kind == ctype.Func {
		return konst(t, int64(addr)), nil
	}
	return load(x.Pos, t, at, ir.Kernel), nil
}

// load reads a value of type t; of a struct or array it is the address.
func load(pos lang.Pos, t *ctype.Type, addr ir.Expr, space ir.Space) ir.Expr {
	return &ir.Load{Typed: ir.Typed{T: t}, Addr: addr, Space: space, Pos: pos}
}

// spaceOf is the memory that a pointer's value leads to.
func spaceOf(t *ctype.Type) ir.Space {
	switch b := t.Base(); {
	case b.Alloca:
		return ir.Own
	case b.User:
		return ir.User
	}
	return ir.Kernel
}

func (c *checker) cond(x *lang.Cond) (ir.Expr, error) {
	cond, err := c.truth(x.If)
	if err != nil {
		return nil, err
	}
	a, err := c.expr(x.Then)
	if err != nil {
		return nil, err
	}
	b, err := c.expr(x.Else)
	if err != nil {
		return nil, err
	}
	if isActionCall(a) || isActionCall(b) {
		return nil, errorf(x.Pos, tagOpAct, "action cannot be used in a conditional context")
	}
	a, b, t, err := c.agree(x.Pos, a, b)
	if err != nil {
		return nil, err
	}
	if k, ok := cond.(*ir.Const); ok {
		if k.V != 0 {
			return a, nil
		}
		return b, nil
	}
	return &ir.Cond{Typed: ir.Typed{T: t}, If: cond, Then: a, Else: b}, nil
}

func isActionCall(x ir.Expr) bool {
	call, ok := x.(*ir.Call)
	return ok && isAction(call.Fn) && !yieldsValue(call.Fn)
}

// agree finds the type that both branches of ?: have.
func (c *checker) agree(pos lang.Pos, a, b ir.Expr) (ir.Expr, ir.Expr, *ctype.Type, error) {
	at, bt := a.Type(), b.Type()
	switch {
	case at.IsArith() && bt.IsArith():
		t := ctype.Common(at, bt)
		return convert(a, t), convert(b, t), t, nil
	case at.IsString() && bt.IsStringLike(), bt.IsString() && at.IsStringLike():
		a, b = c.toString(a), c.toString(b)
		return a, b, c.str, nil
	case at.IsPointer() && isZero(b), at.IsPointer() && bt.IsPointer():
		return a, b, at, nil
	case bt.IsPointer() && isZero(a):
		return a, b, bt, nil
	case ctype.Same(at, bt):
		return a, b, at, nil
	}
	return nil, nil, nil, errorf(pos, tagOpIncompat, "operator ?: operands must have compatible types")
}

func isZero(x ir.Expr) bool {
	k, ok := x.(*ir.Const)
	return ok && k.V == 0
}

// toString makes a string of what is like one.
func (c *checker) toString(x ir.Expr) ir.Expr {
	t := x.Type()
	if t.IsString() {
		return x
	}
	space, size := ir.Kernel, 0
	if t.IsArray() {
		size = t.Bytes()
		if l, ok := x.(*ir.Load); ok {
			space = l.Space
		}
		if _, ok := x.(*ir.VarRef); ok {
			space = ir.Own
		}
	} else {
		space = spaceOf(t)
	}
	return &ir.ToString{Typed: ir.Typed{T: c.str}, X: x, Space: space, Max: size}
}

// truth is an expression as a condition: a scalar, or a string that is not
// empty.
func (c *checker) truth(x lang.Expr) (ir.Expr, error) {
	e, err := c.expr(x)
	if err != nil {
		return nil, err
	}
	if !e.Type().IsScalar() && !e.Type().IsString() {
		return nil, errorf(x.Position(), tagOpScalar, "operand must be of scalar type")
	}
	return e, nil
}

func (c *checker) cast(x *lang.Cast) (ir.Expr, error) {
	t, err := c.typeOf(x.Type)
	if err != nil {
		return nil, err
	}
	e, err := c.expr(x.X)
	if err != nil {
		return nil, err
	}
	if xl, ok := e.(*xlated); ok { // as a number it is what it was made from
		e = xl.x
	}
	from := e.Type()
	switch {
	case t.IsString() && (from.IsStringLike() || from.IsPointer()):
		return c.toString(e), nil
	case t.IsVoid():
		return &ir.Convert{Typed: ir.Typed{T: t}, X: e}, nil
	case t.IsInt() && (from.IsInt() || from.IsPointer()):
		return convert(e, t), nil
	case t.IsPointer() && (from.IsInt() || from.IsPointer()):
		return c.castPointer(e, t), nil
	case t.IsPointer() && from.IsArray():
		return &ir.Convert{Typed: ir.Typed{T: t}, X: e}, nil
	case t.IsPointer() && from.IsString():
		return &ir.Convert{Typed: ir.Typed{T: t}, X: e}, nil
	case t.IsSOU() && ctype.Same(t, from):
		return e, nil
	}
	return nil, errorf(x.Pos, tagCastInval, "invalid cast expression: \"%s\" to \"%s\"", typeName(from), typeName(t))
}

// castPointer keeps a pointer's memory: alloca() stays alloca.
func (c *checker) castPointer(e ir.Expr, t *ctype.Type) ir.Expr {
	if k, ok := e.(*ir.Const); ok {
		return konst(t, k.V)
	}
	from := e.Type().Base()
	if from.Kind == ctype.Pointer && (from.Alloca || from.User) {
		same := *t.Base()
		same.Alloca, same.User = from.Alloca, from.User
		t = &same
	}
	return &ir.Convert{Typed: ir.Typed{T: t}, X: e}
}

func (c *checker) sizeofType(x *lang.SizeofType) (ir.Expr, error) {
	t, err := c.typeOf(x.Type)
	if err != nil {
		return nil, err
	}
	return sizeOf(x.Pos, t)
}

func sizeOf(pos lang.Pos, t *ctype.Type) (ir.Expr, error) {
	switch t.Base().Kind {
	case ctype.Void, ctype.Func, ctype.Forward, ctype.Dynamic, ctype.Agg:
		return nil, errorf(pos, tagSizeofType, "cannot apply sizeof to an operand of unknown size")
	}
	return konst(ctype.Builtin("size_t"), int64(t.Bytes())), nil
}

func (c *checker) offsetof(x *lang.Offsetof) (ir.Expr, error) {
	t, err := c.typeOf(x.Type)
	if err != nil {
		return nil, err
	}
	if !t.IsSOU() {
		return nil, errorf(x.Pos, tagOffsetType, "offsetof operand must be a struct or union type")
	}
	m, ok := t.Find(x.Member)
	switch {
	case !ok:
		return nil, errorf(x.Pos, tagUnknown, "failed to determine offset of %s: Member name not found", x.Member)
	case m.BitSize > 0:
		return nil, errorf(x.Pos, tagOffsetBits, "cannot take offset of a bit-field: %s", x.Member)
	}
	return konst(ctype.Builtin("size_t"), int64(m.Offset)), nil
}
