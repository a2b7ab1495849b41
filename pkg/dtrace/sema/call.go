package sema

import (
	"fmt"

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
	r := subroutine(id.Name)
	switch {
	case r != nil:
	case isAction(id.Name):
		return nil, errorf(x.Pos, tagCGExpr, "%s( ) may not be called from a D expression (D program context required)", id.Name)
	case c.globals[id.Name] != nil || c.builtinVar(id.Name) != nil:
		return nil, errorf(x.Pos, tagFuncIDKind, "%s '%s' may not be referenced as a function", "variable", id.Name)
	default:
		return nil, errorf(x.Pos, tagFuncUndef, "undefined function name: %s", id.Name)
	}
	args, err := c.arguments(x, id.Name, r)
	if err != nil {
		return nil, err
	}
	if id.Name == "speculation" {
		c.prog.Needs.Speculation = true
	}
	return &ir.Call{Typed: ir.Typed{T: r.result(c)}, Fn: id.Name, Args: args, Pos: x.Pos}, nil
}

// arguments checks them against the prototype.
func (c *checker) arguments(x *lang.Call, name string, r *routine) ([]ir.Expr, error) {
	if n, most := len(x.Args), len(r.params); n > most || n < most-r.optional {
		want := fmt.Sprint(most)
		if r.optional > 0 {
			want = fmt.Sprintf("%d or %d", most-r.optional, most)
			return nil, errorf(x.Pos, tagProtoLen, "%s( ) prototype mismatch: %d args passed, %s expected", name, n, want)
		}
		return nil, errorf(x.Pos, tagProtoLen, "%s( ) prototype mismatch: %d arg%s passed, %s expected", name, n, plural(n), want)
	}
	var args []ir.Expr
	for i, a := range x.Args {
		e, err := c.expr(a)
		if err != nil {
			return nil, err
		}
		e, ok := c.argument(e, r.params[i])
		if !ok {
			return nil, errorf(x.Pos, tagProtoArg, "%s( ) argument #%d is incompatible with prototype:\n\tprototype: %s\n\t argument: %s",
				name, i+1, kindName(r.params[i]), e.Type())
		}
		args = append(args, e)
	}
	return args, nil
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
		if !t.IsStringLike() {
			return e, false
		}
		return c.toString(e), true
	case aPointer:
		return e, t.IsInt() || isAddress(t) || t.IsString()
	}
	return e, true
}

func kindName(k paramKind) string {
	switch k {
	case anyInt:
		return "int64_t"
	case aString:
		return "string"
	case aPointer:
		return "void *"
	}
	return "@"
}

// expandInline checks an inline's value in the place where it is named.
func (c *checker) expandInline(pos lang.Pos, name string, in *inline, keys []lang.Expr) (ir.Expr, error) {
	if len(keys) != len(in.keys) {
		return nil, errorf(pos, tagProtoLen, "%s[ ] prototype mismatch: %d arguments passed, %d expected", name, len(keys), len(in.keys))
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
			return nil, errorf(pos, tagProtoArg, "%s[ ] key #%d is incompatible with prototype:\n\tprototype: %s\n\t argument: %s", name, i+1, in.types[i], e.Type())
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
	n, err := c.constant(x.Keys[0], tagArgsType, "args[ ] argument must be a constant integer expression")
	if err != nil {
		return nil, err
	}
	if len(c.probes) == 0 {
		return nil, errorf(x.Pos, tagArgsNone, "args[ ] are not available: the clause matches no probe")
	}
	first := c.probes[0]
	for _, p := range c.probes[1:] {
		if !sameArgs(first.Args, p.Args) {
			return nil, errorf(x.Pos, tagArgsMulti, "args[ ] may not be referenced because probe description matches an unstable set of probes")
		}
	}
	if n < 0 || n >= int64(len(first.Args)) {
		return nil, errorf(x.Pos, tagArgsIdx, "index %d is out of range for %s:%s:%s:%s args[ ]", n, first.Provider, first.Module, first.Func, first.Name)
	}
	t := first.Args[n]
	return &ir.Builtin{Typed: ir.Typed{T: t}, Name: "args", Arg: konst(ctype.IntT, n)}, nil
}

func sameArgs(a, b []*ctype.Type) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !ctype.Same(a[i], b[i]) {
			return false
		}
	}
	return true
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
	return &ir.Builtin{Typed: ir.Typed{T: ctype.Builtin("uint64_t")}, Name: "uregs", Arg: e}, nil
}
