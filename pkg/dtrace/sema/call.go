package sema

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

const (
	tagFuncIdent  lang.Tag = "D_FUNC_IDENT"
	tagFuncUndef  lang.Tag = "D_FUNC_UNDEF"
	tagFuncIDKind lang.Tag = "D_FUNC_IDKIND"
	tagCGExpr     lang.Tag = "D_CG_EXPR"
	tagArgsNone   lang.Tag = "D_ARGS_NONE"
	tagArgsIdx    lang.Tag = "D_ARGS_IDX"
	tagArgsType   lang.Tag = "D_ARGS_TYPE"
	tagArgsMulti  lang.Tag = "D_ARGS_MULTI"
	tagRegsIdx    lang.Tag = "D_REGS_IDX"
)

// call is a subroutine in an expression; actions are statements only.
func (c *checker) call(x *lang.Call) (ir.Expr, error) {
	id, ok := x.Fun.(*lang.Ident)
	if !ok {
		return nil, errorf(x.Pos, tagFuncIdent, "function designator is not of function type")
	}
	switch {
	case id.Name == "__zoneid" && len(x.Args) == 1:
		return c.zoneOf(x)
	case id.Name == "d_path" && len(x.Args) == 1:
		return c.path(x)
	case id.Name == "__args" && len(x.Args) == 2:
		return c.commandLine(x)
	}
	r := subroutine(id.Name)
	switch {
	case r != nil:
	case isAction(id.Name): // what it stands in may have its own objection first
		c.misplaced = errorf(x.Pos, tagCGExpr, "%s( ) may not be called from a D expression (D program context required)", id.Name)
		return &ir.Call{Typed: ir.Typed{T: ctype.VoidT}, Fn: id.Name, Pos: x.Pos}, nil
	case c.globals[id.Name] != nil || c.builtinVar(id.Name) != nil:
		return nil, errorf(x.Pos, tagFuncIDKind, "%s '%s' may not be referenced as a function", "variable", id.Name)
	default:
		return nil, errorf(x.Pos, tagFuncUndef, "undefined function name: %s", id.Name)
	}
	args, err := c.arguments(x, id.Name, r)
	if err != nil {
		return nil, err
	}
	if k, ok := firstConst(args); ok && id.Name == "alloca" && uint64(k.V) > uint64(c.env.Options.Scratch) {
		return nil, errorf(x.Pos, "D_ALLOCA_SIZE", "alloca(%d) size larger than scratchsize %d", uint64(k.V), c.env.Options.Scratch)
	}
	switch {
	case id.Name == "speculation":
		c.prog.Needs.Speculation = true
	case id.Name == "progenyof":
		return c.progenyOf(x, args[0])
	case isLockQuestion(id.Name):
		return c.lockQuestion(x.Pos, id.Name, args[0], r.result(c))
	}
	return &ir.Call{Typed: ir.Typed{T: r.result(c)}, Fn: id.Name, Args: args, Pos: x.Pos}, nil
}

func firstConst(args []ir.Expr) (*ir.Const, bool) {
	if len(args) == 0 {
		return nil, false
	}
	k, ok := args[0].(*ir.Const)
	return k, ok
}

// arguments checks them against the prototype.
func (c *checker) arguments(x *lang.Call, name string, r *routine) ([]ir.Expr, error) {
	if err := countArgs(x, name, len(r.params)-r.optional, len(r.params)); err != nil {
		return nil, err
	}
	var args []ir.Expr
	for i, a := range x.Args {
		e, err := c.argExpr(a)
		if err != nil {
			return nil, err
		}
		e, ok := c.argument(e, r.params[i].kind)
		if !ok {
			return nil, mismatch(x.Pos, name, i+1, r.params[i], e)
		}
		args = append(args, e)
	}
	return args, nil
}

// mismatch is an argument of a type that the prototype does not take.
func mismatch(pos lang.Pos, name string, n int, p param, e ir.Expr) error {
	want, got := p.name, typeName(e.Type())
	if p.kind == scratch && e.Type().IsPointer() {
		want, got = "alloca pointer", "non-alloca pointer"
	}
	return errorf(pos, tagProtoArg, "%s( ) argument #%d is incompatible with prototype:\n\tprototype: %s\n\t argument: %s", name, n, want, got)
}

// typeName is a type as messages show it.
func typeName(t *ctype.Type) string {
	switch t.Kind {
	case ctype.Agg:
		return "aggregation"
	case ctype.Dynamic:
		return "dynamic variable"
	}
	return t.String()
}

// argExpr checks an argument. An aggregation or action has a type too, though
// none that any prototype takes.
func (c *checker) argExpr(x lang.Expr) (ir.Expr, error) {
	if isAggLeft(x) {
		return konst(ctype.AggT, 0), nil
	}
	if call, ok := x.(*lang.Call); ok {
		if id, ok := call.Fun.(*lang.Ident); ok && isAction(id.Name) && !yieldsValue(id.Name) {
			return konst(ctype.VoidT, 0), nil
		}
	}
	return c.aggKey(x)
}

// yieldsValue reports the actions that may also stand where a value is taken.
func yieldsValue(action string) bool {
	switch action {
	case "stack", "ustack", "jstack", "sym", "mod", "func", "addr", "usym", "umod", "ufunc", "uaddr":
		return true
	}
	return false
}

// countArgs checks how many arguments a call has; most is -1 for any number.
func countArgs(x *lang.Call, name string, least, most int) error {
	n := len(x.Args)
	if n >= least && (n <= most || most < 0) {
		return nil
	}
	word, want := "", least
	switch {
	case least == most:
	case n < least:
		word = "at least "
	default:
		word, want = "at most ", most
	}
	return errorf(x.Pos, tagProtoLen, "%s( ) prototype mismatch: %d arg%s passed, %s%d expected", name, n, plural(n), word, want)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

func (c *checker) argument(e ir.Expr, k paramKind) (ir.Expr, bool) {
	t := e.Type()
	switch k {
	case anyInt:
		if !t.IsInt() {
			return e, false
		}
		return convert(e, ctype.Integer(8, t.Base().Signed)), true
	case aString:
		if isZero(e) && (t.IsInt() || t.IsPointer()) {
			return &ir.Const{Typed: ir.Typed{T: c.str}}, true
		}
		if !t.IsStringLike() && !(t.IsPointer() && t.Base().Elem.IsVoid()) {
			return e, false
		}
		return c.toString(e), true
	case aPointer:
		return e, isAddress(t) || t.IsString() || isZero(e) && t.IsInt()
	case scratch:
		return e, t.IsPointer() && t.Base().Alloca
	}
	return e, t.IsInt() || isAddress(t)
}

// expandInline checks an inline's value in the place where it is named.
func (c *checker) expandInline(pos lang.Pos, name string, in *inline, keys []lang.Expr) (ir.Expr, error) {
	if len(keys) != len(in.keys) {
		return nil, keyCount(pos, name, len(keys), len(in.keys))
	}
	if in.busy {
		return nil, errorf(pos, tagUnknown, "inline definition of %s refers to itself", name)
	}
	params := map[string]ir.Expr{}
	for i, k := range keys {
		e, err := c.expr(k)
		if err != nil {
			return nil, err
		}
		if params[in.keys[i]], err = c.fit(e, in.types[i]); err != nil {
			return nil, errorf(pos, tagProtoArg, "%s[ ] key #%d is incompatible with prototype:\n\tprototype: %s\n\t      key: %s", name, i+1, typeName(in.types[i]), typeName(e.Type()))
		}
	}
	old := c.params
	c.params, in.busy = params, true
	defer func() { c.params, in.busy = old, false }()
	e, err := c.expr(in.value)
	if err != nil {
		return nil, err
	}
	if in.t.IsInt() && e.Type().IsInt() {
		return convert(e, in.t), nil
	}
	return e, nil
}

// probeArg is args[N]: typed by the probes of the clause, which must agree.
func (c *checker) probeArg(x *lang.Index) (ir.Expr, error) {
	if len(x.Keys) != 1 {
		return nil, errorf(x.Pos, tagProtoLen, "args[ ] prototype mismatch: %d arguments passed, 1 expected", len(x.Keys))
	}
	index, err := c.expr(x.Keys[0])
	switch {
	case err != nil:
		return nil, err
	case !index.Type().IsScalar():
		return nil, errorf(x.Pos, tagProtoArg, "args[ ] argument #1 is incompatible with prototype:\n\tprototype: integer constant\n\t argument: %s", typeName(index.Type()))
	}
	n, err := c.constant(x.Keys[0], tagArgsType, "args[ ] argument must be a constant integer expression")
	if err != nil {
		return nil, err
	}
	if len(c.probes) == 0 {
		return nil, errorf(x.Pos, tagArgsNone, "args[ ] are not available: the clause matches no probe")
	}
	first := c.probes[0]
	for _, p := range c.probes[1:] {
		if len(p.args()) != len(first.args()) {
			return nil, errorf(x.Pos, tagArgsMulti, "args[ ] may not be referenced because probe description matches an unstable set of probes")
		}
	}
	if n < 0 || n >= int64(len(first.args())) {
		return nil, errorf(x.Pos, tagArgsIdx, "index %d is out of range for %s:%s:%s:%s args[ ]", n, first.Provider, first.Module, first.Func, first.Name)
	}
	return c.typedArg(x.Pos, int(n))
}

func (c *checker) register(x *lang.Index) (ir.Expr, error) {
	if len(x.Keys) != 1 {
		return nil, errorf(x.Pos, tagProtoLen, "uregs[ ] prototype mismatch: %d arguments passed, 1 expected", len(x.Keys))
	}
	e, err := c.expr(x.Keys[0])
	if err != nil {
		return nil, err
	}
	if !e.Type().IsInt() {
		return nil, errorf(x.Pos, tagRegsIdx, "uregs[ ] index must be of integral type")
	}
	k, ok := e.(*ir.Const)
	if !ok {
		return nil, errorf(x.Pos, tagProtoArg, "uregs[ ] argument #1 is incompatible with prototype:\n\tprototype: integer constant\n\t argument: %s", e.Type())
	}
	const saved = 21 // what is kept otherwise is the thread's
	others := [...]string{"ds", "es", "fsbase", "gsbase", "trap_nr"}
	switch {
	case k.V < 0 || k.V >= int64(saved+len(others)):
		return nil, errorf(x.Pos, tagUnknown, "uregs[]: index out of bounds (%d)", k.V)
	case k.V >= saved:
		of, err := c.fromLibrary("curthread->thread."+others[k.V-saved], false)
		if err != nil {
			return nil, errorf(x.Pos, tagUnknown, "uregs[%d] is not available on this kernel: %v", k.V, err)
		}
		return convert(of, ctype.Builtin("uint64_t")), nil
	}
	return &ir.Builtin{Typed: ir.Typed{T: ctype.Builtin("uint64_t")}, Name: "uregs", Arg: e}, nil
}
