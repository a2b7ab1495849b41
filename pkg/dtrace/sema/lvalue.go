package sema

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// assign checks L op= X. Assigning to a name that is not known declares it with
// the type of X.
func (c *checker) assign(x *lang.Assign) (ir.Expr, error) {
	if isAggLeft(x.X) {
		return nil, errorf(x.Pos, tagOpAct, "aggregation may only be assigned as a statement")
	}
	value, err := c.expr(x.Y)
	if err != nil {
		return nil, err
	}
	if x.Op != "=" {
		return c.assignOp(x, value)
	}
	left, err := c.target("=", x.X, value)
	if err != nil {
		return nil, err
	}
	if left.Type().IsArray() {
		return nil, errorf(x.Pos, "D_OP_ARRFUN", "operator = may not be applied to operand of type \"%s\"", left.Type())
	}
	return c.store(x.Pos, left, value)
}

// assignOp is L = L op X.
func (c *checker) assignOp(x *lang.Assign, value ir.Expr) (ir.Expr, error) {
	op := string(x.Op[:len(x.Op)-1])
	left, err := c.target(string(x.Op), x.X, konst(ctype.Builtin("int64_t"), 0))
	if err != nil {
		return nil, err
	}
	lt, vt := left.Type(), value.Type()
	switch {
	case lt.IsPointer() && lt.Base().Elem.Bytes() == 0:
		return nil, errorf(x.Pos, tagOpVfptr, "operator %s requires left-hand scalar operand of known size", x.Op)
	case lt.IsArith() && !vt.IsArith() || lt.IsString():
		return nil, errorf(x.Pos, tagOpIncompat, "operands have incompatible types: \"%s\" %s \"%s\"", typeName(lt), x.Op, typeName(vt))
	}
	sum, err := operate(x.Pos, op, left, value)
	if err != nil {
		return nil, err
	}
	return c.store(x.Pos, left, sum)
}

// store assigns value to a checked left side, converting it as C does.
func (c *checker) store(pos lang.Pos, left, value ir.Expr) (ir.Expr, error) {
	if err := c.noteAlloca(pos, left, value); err != nil {
		return nil, err
	}
	lt, vt := left.Type(), value.Type()
	switch {
	case lt.IsInt() && (vt.IsInt() || vt.IsPointer()):
		value = convert(value, lt)
	case lt.IsString() && vt.IsStringLike():
		value = c.toString(value)
	case lt.IsPointer() && vt.IsString() && lt.IsStringLike():
		value = &ir.Convert{Typed: ir.Typed{T: lt}, X: value}
	case lt.IsString() && isZero(value):
	case lt.IsPointer() && isZero(value), lt.IsPointer() && vt.IsArray() && ctype.Same(lt.Base().Elem, vt.Base().Elem):
	case lt.IsPointer() && vt.IsPointer() && (ctype.Same(lt, vt) || lt.Base().Elem.IsVoid() || vt.Base().Elem.IsVoid()):
	case isZero(value) && lt.Base().Kind != ctype.Array && !lt.IsSOU():
	case ctype.Same(lt, vt):
	case isVarOf(left) && isZero(value):
	default:
		return nil, errorf(pos, tagOpIncompat, "operands have incompatible types: \"%s\" = \"%s\"", typeName(lt), typeName(vt))
	}
	return &ir.Assign{Typed: ir.Typed{T: lt}, L: left, X: value}, nil
}

// noteAlloca makes a pointer variable one into scratch memory when it is
// assigned such an address. It cannot be both: what is written through it is
// checked in another way.
func (c *checker) noteAlloca(pos lang.Pos, left, value ir.Expr) error {
	v, ok := left.(*ir.VarRef)
	vt := value.Type().Base()
	if !ok || vt.Kind != ctype.Pointer || isZero(value) || !v.T.IsPointer() {
		return nil
	}
	if mixedBranches(value) {
		return errorf(pos, "D_ALLOCA_INCOMPAT", "ternary conditional with alloca and non-alloca branches cannot be assigned to a variable")
	}
	is, known := c.alloca[v.V]
	if known && is != vt.Alloca {
		return errorf(pos, "D_ALLOCA_INCOMPAT", "%s: cannot reuse the same identifier for both alloca and non-alloca allocations", v.V.Name)
	}
	c.alloca[v.V] = vt.Alloca
	if vt.Alloca != v.V.Type.Base().Alloca {
		t := *v.V.Type.Base()
		t.Alloca = vt.Alloca
		v.V.Type, v.T = &t, &t
	}
	return nil
}

// mixedBranches reports a ?: of which one side only is scratch memory.
func mixedBranches(x ir.Expr) bool {
	c, ok := x.(*ir.Cond)
	if !ok {
		return false
	}
	a, b := c.Then.Type().Base(), c.Else.Type().Base()
	return a.Kind == ctype.Pointer && b.Kind == ctype.Pointer && a.Alloca != b.Alloca && !isZero(c.Then) && !isZero(c.Else)
}

func isVarOf(x ir.Expr) bool {
	_, ok := x.(*ir.VarRef)
	return ok
}

func isAggLeft(x lang.Expr) bool {
	switch x := x.(type) {
	case *lang.AggIdent:
		return true
	case *lang.Index:
		return isAggLeft(x.X)
	}
	return false
}

// target checks what stands left of an assignment. A variable that does not
// exist yet gets the type of value.
func (c *checker) target(op string, x lang.Expr, value ir.Expr) (ir.Expr, error) {
	if err := c.implicit(x, value); err != nil {
		return nil, err
	}
	e, err := c.expr(x)
	if err != nil {
		return nil, err
	}
	switch l := e.(type) {
	case *ir.VarRef:
		return l, nil
	case *ir.Load:
		if l.Space == ir.Own {
			return l, nil
		}
		return nil, errorf(x.Position(), tagOpWrite, "operator %s can only be applied to a writable variable", op)
	case *ir.Builtin:
		return nil, errorf(x.Position(), tagOpWrite, "operator %s can only be applied to a writable variable", op)
	}
	return nil, errorf(x.Position(), tagOpLval, "operator %s requires modifiable lvalue as an operand", op)
}

// implicit declares the variable that x names, if it is new.
func (c *checker) implicit(x lang.Expr, value ir.Expr) error {
	var keys []lang.Expr
	if in, ok := x.(*lang.Index); ok {
		x, keys = in.X, in.Keys
	}
	scope, name, vars, ok := c.variable(x)
	if !ok || vars[name] != nil || scope == ir.Global && c.isKnown(name) {
		return nil
	}
	t := value.Type()
	if k := t.Base().Kind; k == ctype.Agg || k == ctype.Void || k == ctype.Func {
		return errorf(x.Position(), tagOpDyn, "%s may not be assigned a value of type %s", name, t)
	}
	v := &ir.Var{Name: name, Scope: scope, Type: implicitType(c, t)}
	if keys != nil {
		if scope == ir.Local {
			return errorf(x.Position(), tagArrLocal, "associative arrays may not be declared as local variables: %s", name)
		}
		for _, k := range keys {
			e, err := c.expr(k)
			if err != nil {
				return err
			}
			v.Keys = append(v.Keys, keyType(c, e.Type()))
		}
	}
	c.declareVar(v)
	return nil
}

// implicitType is the type of a variable that gets its first value: pointers
// and integers as they are, arrays of characters as strings stay arrays.
func implicitType(c *checker, t *ctype.Type) *ctype.Type {
	if t.IsString() {
		return c.str
	}
	return t
}

// keyType is the type that a key of an implicit array has.
func keyType(c *checker, t *ctype.Type) *ctype.Type {
	if t.IsString() {
		return c.str
	}
	return t
}

func (c *checker) declareVar(v *ir.Var) {
	v.Size = max(1, v.Type.Bytes())
	switch v.Scope {
	case ir.Local:
		v.Index = len(c.prog.Locals)
		c.prog.Locals = append(c.prog.Locals, v)
		c.locals[v.Name] = v
		return
	case ir.Thread:
		c.threads[v.Name] = v
	default:
		c.globals[v.Name] = v
	}
	v.Index = len(c.prog.Globals)
	c.prog.Globals = append(c.prog.Globals, v)
}

// variable tells which variable x names: x, self->x or this->x.
func (c *checker) variable(x lang.Expr) (ir.Scope, string, map[string]*ir.Var, bool) {
	switch x := x.(type) {
	case *lang.Ident:
		_, _, scoped := splitScope(x.Name)
		return ir.Global, x.Name, c.globals, !scoped && x.Name != "self" && x.Name != "this"
	case *lang.Member:
		id, ok := x.X.(*lang.Ident)
		switch {
		case !ok || !x.Arrow:
		case id.Name == "self":
			return ir.Thread, x.Name, c.threads, true
		case id.Name == "this":
			return ir.Local, x.Name, c.locals, true
		}
	}
	return 0, "", nil, false
}

// isKnown reports global names that are no variables of the program's.
func (c *checker) isKnown(name string) bool {
	_, isParam := c.params[name]
	_, isEnum := c.enums[name]
	return isParam || isEnum || c.inlines[name] != nil || isBuiltinName(name)
}

func (c *checker) incDec(x *lang.IncDec) (ir.Expr, error) {
	left, err := c.target(string(x.Op), x.X, konst(ctype.Builtin("int64_t"), 0))
	if err != nil {
		return nil, err
	}
	t := left.Type()
	by := int64(1)
	switch {
	case t.IsPointer():
		by = int64(max(1, t.Base().Elem.Bytes()))
	case !t.IsInt():
		return nil, errorf(x.Pos, tagOpScalar, "operator %s requires operand of scalar type", x.Op)
	}
	if x.Op == "--" {
		by = -by
	}
	return &ir.Step{Typed: ir.Typed{T: t}, L: left, By: by, Prefix: x.Prefix}, nil
}

// memberOf is X.Name or X->Name, and the variables self->x and this->x.
func (c *checker) memberOf(x *lang.Member) (ir.Expr, error) {
	if _, name, vars, ok := c.variable(x); ok {
		if v := vars[name]; v != nil {
			return c.varRef(x.Pos, v)
		}
		return nil, errorf(x.Pos, tagVarUndef, "%s has not yet been declared or assigned", name)
	}
	e, err := c.expr(x.X)
	if err != nil {
		return nil, err
	}
	if xl, ok := e.(*xlated); ok {
		return c.translated(x, xl)
	}
	t := e.Type()
	space := memoryOf(e)
	if x.Arrow {
		if !t.IsPointer() && !t.IsArray() {
			return nil, errorf(x.Pos, tagOpPtr, "operator -> must be applied to a pointer")
		}
		if t.IsPointer() {
			space = spaceOf(t)
		}
		t = t.Base().Elem
	}
	if !t.IsSOU() {
		if t.Base().Kind == ctype.Forward {
			return nil, errorf(x.Pos, tagOpIncompl, "operator %s cannot be applied to a forward declaration: no %s definition is available", arrow(x), t)
		}
		pointer, kind := "", ""
		if x.Arrow {
			pointer, kind = "pointer to ", " pointer"
		}
		return nil, errorf(x.Pos, tagOpSou, "operator %s cannot be applied to %stype \"%s\"; must be applied to a struct or union%s", arrow(x), pointer, typeName(t), kind)
	}
	m, ok := t.Find(x.Name)
	if !ok {
		return nil, errorf(x.Pos, tagTypeMember, "%s is not a member of %s", x.Name, t)
	}
	return field(x.Pos, e, m, space), nil
}

func arrow(x *lang.Member) string {
	if x.Arrow {
		return "->"
	}
	return "."
}

// field reads a member of the struct at e.
func field(pos lang.Pos, e ir.Expr, m ctype.Member, space ir.Space) ir.Expr {
	off := m.Offset
	if l, ok := e.(*ir.Load); ok && l.Type().IsSOU() {
		e, off = l.Addr, off+l.Off
	}
	l := &ir.Load{Typed: ir.Typed{T: m.Type}, Addr: e, Off: off, Space: space, Pos: pos}
	if m.BitSize > 0 {
		l.Shift, l.Bits, l.Unit = m.BitOff, m.BitSize, m.Unit
	}
	return l
}

// index is X[Keys]: an element of an array, of an associative array, of args[]
// or of an inline with parameters.
func (c *checker) index(x *lang.Index) (ir.Expr, error) {
	if id, ok := x.X.(*lang.Ident); ok {
		switch {
		case id.Name == "args":
			return c.probeArg(x)
		case id.Name == "uregs":
			return c.register(x)
		case c.globals[id.Name] != nil:
		case c.libraryInline(id.Name) != nil && c.inlines[id.Name].keys != nil:
			return c.expandInline(x.Pos, id.Name, c.inlines[id.Name], x.Keys)
		}
	}
	if isAggLeft(x.X) {
		return nil, errorf(x.Pos, tagAggMDim, "improper use of aggregation as an array")
	}
	if _, name, vars, ok := c.variable(x.X); ok && vars[name] != nil && vars[name].Keys != nil {
		return c.element(x, vars[name])
	}
	e, err := c.expr(x.X)
	if err != nil {
		return nil, err
	}
	if len(x.Keys) != 1 {
		return nil, errorf(x.Pos, tagArrBadRef, "cannot access scalar as an associative array")
	}
	i, err := c.expr(x.Keys[0])
	if err != nil {
		return nil, err
	}
	return c.subscript(x.Pos, e, i)
}

func (c *checker) subscript(pos lang.Pos, e, i ir.Expr) (ir.Expr, error) {
	t := e.Type()
	if t.IsString() {
		l := load(pos, ctype.Char, e, ir.Kernel)
		return c.offset(pos, l.(*ir.Load), i)
	}
	if !t.IsArray() && !t.IsPointer() {
		return nil, errorf(pos, tagDerefNonptr, "cannot apply [] to a non-array type: %s", t)
	}
	if !i.Type().IsInt() {
		return nil, errorf(pos, "D_OP_ARRFUN", "array index must be of integral type")
	}
	if k, ok := i.(*ir.Const); ok && t.IsArray() && t.Base().Len > 0 && (k.V < 0 || k.V >= int64(t.Base().Len)) {
		return nil, errorf(pos, tagArrBounds, "index outside array bounds: %d, max is %d", k.V, t.Base().Len)
	}
	sum, err := operate(pos, "+", e, i)
	if err != nil {
		return nil, err
	}
	return dereference(pos, sum)
}

// offset indexes into a string's bytes.
func (c *checker) offset(pos lang.Pos, l *ir.Load, i ir.Expr) (ir.Expr, error) {
	if !i.Type().IsInt() {
		return nil, errorf(pos, tagOpInt, "string index must be of integral type")
	}
	p := &ir.Convert{Typed: ir.Typed{T: ctype.PointerTo(ctype.Char)}, X: l.Addr}
	l.Addr = &ir.Binary{Typed: p.Typed, Op: "+", X: p, Y: convert(i, ctype.Long), Pos: pos}
	return l, nil
}

// element is one of an associative array.
func (c *checker) element(x *lang.Index, v *ir.Var) (ir.Expr, error) {
	keys, err := c.keys(x.Pos, v.Name, x.Keys, v.Keys)
	if err != nil {
		return nil, err
	}
	return &ir.VarRef{Typed: ir.Typed{T: v.Type}, V: v, Keys: keys}, nil
}

// keys checks a tuple against its signature.
func (c *checker) keys(pos lang.Pos, name string, exprs []lang.Expr, types []*ctype.Type) ([]ir.Expr, error) {
	if n := c.env.Options.TupleRegs; n > 0 && len(exprs) > n {
		return nil, errTuple
	}
	if len(exprs) != len(types) {
		return nil, keyCount(pos, name, len(exprs), len(types))
	}
	var keys []ir.Expr
	for i, k := range exprs {
		e, err := c.argExpr(k)
		if err != nil {
			return nil, err
		}
		if e, err = c.fit(e, types[i]); err != nil {
			return nil, errorf(pos, tagProtoArg, "%s[ ] key #%d is incompatible with prototype:\n\tprototype: %s\n\t      key: %s", name, i+1, typeName(types[i]), typeName(e.Type()))
		}
		keys = append(keys, e)
	}
	return keys, nil
}

// fit converts a key to the type of its place; the error is only its sign.
func (c *checker) fit(e ir.Expr, t *ctype.Type) (ir.Expr, error) {
	et := e.Type()
	switch {
	case t.IsInt() && et.IsInt():
		return convert(e, t), nil
	case t.IsString() && et.IsStringLike():
		return c.toString(e), nil
	case t.IsPointer() && (et.IsPointer() || isZero(e)), ctype.Same(t, et):
		return e, nil
	}
	return e, errorf(lang.Pos{}, tagProtoArg, "mismatch")
}

// keyCount is a tuple of the wrong length.
func keyCount(pos lang.Pos, name string, n, want int) error {
	return errorf(pos, tagProtoLen, "%s[ ] prototype mismatch: %d key%s passed, %d expected", name, n, plural(n), want)
}
