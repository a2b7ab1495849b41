package sema

import (
	"math/bits"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

func (c *checker) unary(x *lang.Unary) (ir.Expr, error) {
	if x.Op == "&" && isAggLeft(x.X) {
		return nil, errorf(x.Pos, tagAddrofVar, "cannot take address of dynamic variable")
	}
	read := c.expr
	if x.Op == "stringof" {
		read = c.argExpr
	}
	e, err := read(x.X)
	if err != nil {
		return nil, err
	}
	t := e.Type()
	switch x.Op {
	case "&":
		return addressOf(x.Pos, e)
	case "*":
		return dereference(x.Pos, e)
	case "sizeof":
		if s, ok := e.(*ir.Str); ok {
			return konst(ctype.Builtin("size_t"), int64(len(s.S)+1)), nil
		}
		if l, ok := e.(*ir.Load); ok && l.Bits > 0 {
			return nil, errorf(x.Pos, tagSizeofBits, "cannot apply sizeof to a bit-field")
		}
		return sizeOf(x.Pos, t)
	case "stringof":
		if !t.IsStringLike() && !t.IsPointer() && !t.IsInt() {
			return nil, errorf(x.Pos, tagStringof, "cannot apply stringof to a value of type %s", typeName(t))
		}
		return c.toString(e), nil
	case "!":
		if !t.IsScalar() && !t.IsString() {
			return nil, errorf(x.Pos, tagOpScalar, "operator ! requires an operand of scalar type")
		}
		if k, ok := e.(*ir.Const); ok {
			return konst(ctype.IntT, truthValue(k.V == 0)), nil
		}
		return &ir.Unary{Typed: ir.Typed{T: ctype.IntT}, Op: "!", X: e}, nil
	}
	return arithUnary(x, e)
}

// arithUnary is + - and ~.
func arithUnary(x *lang.Unary, e ir.Expr) (ir.Expr, error) {
	t := e.Type()
	if x.Op == "~" && !t.IsInt() {
		return nil, errorf(x.Pos, tagOpInt, "operator ~ requires an operand of integral type")
	}
	if !t.IsArith() {
		return nil, errorf(x.Pos, tagOpArith, "operator %s requires an operand of arithmetic type", x.Op)
	}
	t = ctype.Promote(t)
	e = convert(e, t)
	k, isConst := e.(*ir.Const)
	switch {
	case x.Op == "+":
		return e, nil
	case isConst && x.Op == "-":
		return konst(t, -k.V), nil
	case isConst:
		return konst(t, ^k.V), nil
	}
	return &ir.Unary{Typed: ir.Typed{T: t}, Op: string(x.Op), X: e}, nil
}

func truthValue(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func addressOf(pos lang.Pos, e ir.Expr) (ir.Expr, error) {
	switch l := e.(type) {
	case *ir.Load:
		if l.Bits > 0 {
			return nil, errorf(pos, tagAddrofBits, "cannot take address of bit-field")
		}
		p := ctype.PointerTo(l.T)
		p.Alloca, p.User = l.Space == ir.Own, l.Space == ir.User
		return &ir.Addr{Typed: ir.Typed{T: p}, X: l}, nil
	case *ir.VarRef, *ir.Builtin:
		return nil, errorf(pos, tagAddrofVar, "cannot take address of dynamic variable")
	}
	return nil, errorf(pos, tagAddrofLval, "unacceptable operand for unary & operator")
}

func dereference(pos lang.Pos, e ir.Expr) (ir.Expr, error) {
	b := e.Type().Base()
	if b.Kind == ctype.Array {
		return load(pos, b.Elem, e, memoryOf(e)), nil
	}
	if b.Kind != ctype.Pointer {
		return nil, errorf(pos, tagDerefNonptr, "cannot dereference non-pointer type")
	}
	switch b.Elem.Base().Kind {
	case ctype.Void, ctype.Forward:
		return nil, errorf(pos, tagDerefVoid, "cannot dereference pointer to void")
	case ctype.Func:
		return nil, errorf(pos, tagDerefFunc, "cannot dereference pointer to function")
	}
	return load(pos, b.Elem, e, spaceOf(b)), nil
}

// memoryOf is the memory that an array or struct lies in.
func memoryOf(e ir.Expr) ir.Space {
	if l, ok := e.(*ir.Load); ok {
		return l.Space
	}
	return ir.Own
}

func (c *checker) binary(x *lang.Binary) (ir.Expr, error) {
	if x.Op == "&&" || x.Op == "||" || x.Op == "^^" {
		return c.logic(x)
	}
	a, err := c.expr(x.X)
	if err != nil {
		return nil, err
	}
	b, err := c.expr(x.Y)
	if err != nil {
		return nil, err
	}
	switch x.Op {
	case ",":
		return &ir.Comma{Typed: ir.Typed{T: b.Type()}, X: a, Y: b}, nil
	case "==", "!=", "<", "<=", ">", ">=":
		return c.compare(x, a, b)
	}
	return operate(x.Pos, string(x.Op), a, b)
}

func (c *checker) logic(x *lang.Binary) (ir.Expr, error) {
	a, err := c.expr(x.X)
	if err != nil {
		return nil, err
	}
	b, err := c.expr(x.Y)
	if err != nil {
		return nil, err
	}
	for _, e := range []ir.Expr{a, b} {
		if !e.Type().IsScalar() {
			return nil, errorf(x.Pos, tagOpScalar, "operator %s requires operands of scalar type", x.Op)
		}
	}
	ka, okA := a.(*ir.Const)
	kb, okB := b.(*ir.Const)
	if okA && okB {
		p, q := ka.V != 0, kb.V != 0
		switch x.Op {
		case "&&":
			return konst(ctype.IntT, truthValue(p && q)), nil
		case "||":
			return konst(ctype.IntT, truthValue(p || q)), nil
		}
		return konst(ctype.IntT, truthValue(p != q)), nil
	}
	return &ir.Logic{Typed: ir.Typed{T: ctype.IntT}, Op: string(x.Op), X: a, Y: b}, nil
}

func (c *checker) compare(x *lang.Binary, a, b ir.Expr) (ir.Expr, error) {
	at, bt := a.Type(), b.Type()
	cmp := func(a, b ir.Expr) ir.Expr {
		return &ir.Compare{Typed: ir.Typed{T: ctype.IntT}, Op: string(x.Op), X: a, Y: b}
	}
	switch {
	case at.IsArith() && bt.IsArith():
		t := ctype.Common(at, bt)
		a, b = convert(a, t), convert(b, t)
		ka, okA := a.(*ir.Const)
		kb, okB := b.(*ir.Const)
		if okA && okB {
			return konst(ctype.IntT, truthValue(holds(string(x.Op), ka.V, kb.V, t.Signed))), nil
		}
		return cmp(a, b), nil
	case (at.IsString() || bt.IsString()) && at.IsStringLike() && bt.IsStringLike():
		return cmp(c.toString(a), c.toString(b)), nil
	case isAddress(at) && isAddress(bt), isAddress(at) && bt.IsInt(), at.IsInt() && isAddress(bt),
		at.IsString() && isZero(b), isZero(a) && bt.IsString():
		t := ctype.Builtin("uintptr_t")
		return cmp(convert(a, t), convert(b, t)), nil
	}
	return nil, errorf(x.Pos, tagOpIncompat, "operands have incompatible types: \"%s\" %s \"%s\"", typeName(at), x.Op, typeName(bt))
}

func isAddress(t *ctype.Type) bool {
	k := t.Base().Kind
	return k == ctype.Pointer || k == ctype.Array || k == ctype.Func || k == ctype.Stack || k == ctype.Sym
}

func holds(op string, a, b int64, signed bool) bool {
	less := a < b
	if !signed {
		less = uint64(a) < uint64(b)
	}
	switch op {
	case "==":
		return a == b
	case "!=":
		return a != b
	case "<":
		return less
	case "<=":
		return less || a == b
	case ">":
		return !less && a != b
	}
	return !less
}

// operate is an arithmetic operation on two values.
func operate(pos lang.Pos, op string, a, b ir.Expr) (ir.Expr, error) {
	if e, done, err := pointerOp(pos, op, a, b); done || err != nil {
		return e, err
	}
	at, bt := a.Type(), b.Type()
	switch op {
	case "%", "&", "|", "^", "<<", ">>":
		if !at.IsInt() || !bt.IsInt() {
			return nil, errorf(pos, tagOpInt, "operator %s requires operands of integral type", op)
		}
	default:
		if !at.IsArith() || !bt.IsArith() {
			return nil, errorf(pos, tagOpArith, "operator %s requires operands of arithmetic type", op)
		}
	}
	t := ctype.Common(at, bt)
	a, b = convert(a, t), convert(b, t)
	kb, okB := b.(*ir.Const)
	if okB && kb.V == 0 && (op == "/" || op == "%") {
		return nil, errorf(pos, tagDivZero, "expression contains division by zero")
	}
	if ka, okA := a.(*ir.Const); okA && okB {
		v := fold(op, ka.V, kb.V, t)
		if op == "<<" && t.Base().Signed && wrap(t, v) != v { // 1 << 63 is what it says
			t = ctype.Long
		}
		return konst(t, v), nil
	}
	return &ir.Binary{Typed: ir.Typed{T: t}, Op: op, X: a, Y: b, Pos: pos}, nil
}

// fold computes with constants as the machine would.
func fold(op string, a, b int64, t *ctype.Type) int64 {
	signed := t.Signed
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		switch {
		case !signed:
			return int64(uint64(a) / uint64(b))
		case b == -1:
			return -a
		}
		return a / b
	case "%":
		switch {
		case !signed:
			return int64(uint64(a) % uint64(b))
		case b == -1:
			return 0
		}
		return a % b
	case "&":
		return a & b
	case "|":
		return a | b
	case "^":
		return a ^ b
	case "<<":
		return int64(uint64(a) << (uint64(b) & (bits.UintSize - 1)))
	}
	if signed {
		return a >> (uint64(b) & 63)
	}
	return int64(uint64(a) >> (uint64(b) & 63))
}

// pointerOp is pointer arithmetic, in units of what is pointed to.
func pointerOp(pos lang.Pos, op string, a, b ir.Expr) (ir.Expr, bool, error) {
	pa, pb := isAddress(a.Type()), isAddress(b.Type())
	if !pa && !pb || op != "+" && op != "-" {
		return nil, false, nil
	}
	if op == "+" && pb && !pa {
		a, b, pa, pb = b, a, pb, pa
	}
	elem := a.Type().Base().Elem
	if pa && elem == nil {
		return nil, false, nil
	}
	if k := elem.Base().Kind; k == ctype.Func || k == ctype.Forward || k == ctype.Void {
		return nil, true, errorf(pos, tagOpIncompat, "operands have incompatible types: \"%s\" %s \"%s\"", a.Type(), op, typeName(b.Type()))
	}
	size := int64(max(1, elem.Bytes()))
	if pa && pb {
		return pointerDiff(pos, op, a, b, size)
	}
	if !b.Type().IsInt() {
		return nil, false, nil
	}
	word := ctype.Long
	n, err := operate(pos, "*", convert(b, word), konst(word, size))
	if err != nil {
		return nil, true, err
	}
	t := a.Type()
	if t.IsArray() {
		p := ctype.PointerTo(elem)
		space := memoryOf(a)
		p.Alloca, p.User = space == ir.Own, space == ir.User
		t = p
	}
	if ka, ok := a.(*ir.Const); ok {
		if kn, ok := n.(*ir.Const); ok {
			return konst(t, fold(op, ka.V, kn.V, ctype.Long)), true, nil
		}
	}
	return &ir.Binary{Typed: ir.Typed{T: t}, Op: op, X: a, Y: n, Pos: pos}, true, nil
}

func pointerDiff(pos lang.Pos, op string, a, b ir.Expr, size int64) (ir.Expr, bool, error) {
	if op != "-" || b.Type().Base().Elem == nil || !ctype.Same(a.Type().Base().Elem, b.Type().Base().Elem) {
		return nil, true, errorf(pos, tagOpIncompat, "operands have incompatible types: \"%s\" %s \"%s\"", a.Type(), op, b.Type())
	}
	diff := &ir.Binary{Typed: ir.Typed{T: ctype.Long}, Op: "-", X: convert(a, ctype.Long), Y: convert(b, ctype.Long), Pos: pos}
	e, err := operate(pos, "/", diff, konst(ctype.Long, size))
	return e, true, err
}
