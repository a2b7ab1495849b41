package sema

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

const (
	tagAggRedef  lang.Tag = "D_AGG_REDEF"
	tagAggNull   lang.Tag = "D_AGG_NULL"
	tagAggScalar lang.Tag = "D_AGG_SCALAR"
	tagAggComm   lang.Tag = "D_AGG_COMM"
	tagAggSpec   lang.Tag = "D_AGG_SPEC"
	tagCommDrec  lang.Tag = "D_COMM_DREC"
	tagCommComm  lang.Tag = "D_COMM_COMM"
	tagSpecSpec  lang.Tag = "D_SPEC_SPEC"
	tagSpecComm  lang.Tag = "D_SPEC_COMM"
	tagSpecDrec  lang.Tag = "D_SPEC_DREC"
	tagDrecComm  lang.Tag = "D_DREC_COMM"
	tagActSpec   lang.Tag = "D_ACT_SPEC"
	tagExitSpec  lang.Tag = "D_EXIT_SPEC"
)

// errTuple is a key of too many parts.
var errTuple = lang.Errorf(lang.Pos{}, "D_UNKNOWN", "Insufficient tuple registers to generate code")

// order is what a clause has done so far: some actions exclude each other.
type order struct{ record, speculate, commit bool }

func (c *checker) stmts(list []lang.Stmt) ([]ir.Stmt, error) {
	var out []ir.Stmt
	for _, s := range list {
		st, err := c.stmt(s)
		if err == nil {
			err = c.misplaced
		}
		if err != nil {
			return nil, err
		}
		if st != nil {
			out = append(out, st)
		}
	}
	return out, nil
}

func (c *checker) stmt(s lang.Stmt) (ir.Stmt, error) {
	if s, ok := s.(*lang.If); ok {
		return c.ifStmt(s)
	}
	x := s.(*lang.ExprStmt).X
	switch e := x.(type) {
	case *lang.Assign:
		if isAggLeft(e.X) {
			return c.aggregate(e)
		}
	case *lang.Call:
		if id, ok := e.Fun.(*lang.Ident); ok && isAction(id.Name) {
			return c.action(id.Name, e)
		}
	case *lang.AggIdent:
		return nil, errorf(e.Pos, tagAggNull, "expression statement has null effect")
	case *lang.Index:
		if isAggLeft(e) {
			return nil, errorf(e.Pos, tagAggNull, "expression statement has null effect")
		}
	}
	e, err := c.expr(x)
	if err != nil {
		return nil, err
	}
	return &ir.Eval{X: e}, nil
}

func (c *checker) ifStmt(s *lang.If) (ir.Stmt, error) {
	cond, err := c.truth(s.Cond)
	if err != nil {
		return nil, err
	}
	then, err := c.stmts(s.Then)
	if err != nil {
		return nil, err
	}
	other, err := c.stmts(s.Else)
	return &ir.If{Cond: cond, Then: then, Else: other}, err
}

// aggregate is @name[keys] = function(args).
func (c *checker) aggregate(x *lang.Assign) (ir.Stmt, error) {
	name, keys := "", []lang.Expr(nil)
	switch l := x.X.(type) {
	case *lang.AggIdent:
		name = trimAt(l.Name)
	case *lang.Index:
		id, ok := l.X.(*lang.AggIdent)
		if !ok {
			return nil, errorf(x.Pos, tagAggMDim, "improper use of aggregation as a multi-dimensional array")
		}
		name, keys = trimAt(id.Name), l.Keys
	}
	call, _ := x.Y.(*lang.Call)
	fn, isFn := aggFunc(call)
	if x.Op != "=" || !isFn {
		return nil, c.notAggregating(x, name, call)
	}
	if err := c.orderAgg(x.Pos); err != nil {
		return nil, err
	}
	return c.aggStmt(x.Pos, name, fn, keys, call)
}

// notAggregating is the error for what an aggregation cannot be assigned.
func (c *checker) notAggregating(x *lang.Assign, name string, call *lang.Call) error {
	if call != nil {
		if id, ok := call.Fun.(*lang.Ident); ok && subroutine(id.Name) == nil && !isAction(id.Name) {
			return errorf(x.Pos, tagFuncUndef, "undefined function name: %s", id.Name)
		}
	}
	return errorf(x.Pos, tagAggFunc, "@%s must be assigned the result of an aggregating function", name)
}

func aggFunc(call *lang.Call) (ir.AggFunc, bool) {
	if call == nil {
		return "", false
	}
	id, ok := call.Fun.(*lang.Ident)
	if !ok {
		return "", false
	}
	switch f := ir.AggFunc(id.Name); f {
	case ir.Count, ir.Sum, ir.Min, ir.Max, ir.Avg, ir.Stddev, ir.Quantize, ir.Lquantize, ir.Llquantize:
		return f, true
	}
	return "", false
}

func (c *checker) aggStmt(pos lang.Pos, name string, fn ir.AggFunc, keys []lang.Expr, call *lang.Call) (ir.Stmt, error) {
	s := &ir.Aggregate{Pos: pos}
	var types []*ctype.Type
	for i, k := range keys {
		e, err := c.aggKey(k)
		if err != nil {
			return nil, err
		}
		if t := e.Type().Base(); t.Kind == ctype.Void || t.Kind == ctype.Func || t.Kind == ctype.Dynamic {
			return nil, errorf(pos, tagKeyType, "@%s[ ] key #%d: %s is no type for a key", name, i+1, t)
		}
		s.Keys = append(s.Keys, e)
		types = append(types, e.Type())
	}
	if n := c.env.Options.TupleRegs; n > 0 && len(keys) > n {
		return nil, errTuple
	}
	args, params, err := c.aggArgs(pos, fn, call)
	if err != nil {
		return nil, err
	}
	s.Args = args
	a := c.aggs[name]
	if a == nil {
		a = &ir.Agg{Name: name, Fn: fn, Keys: types, Index: len(c.prog.Aggs), Pos: pos, Args: params, Sign: signedValue(args)}
		c.aggs[name] = a
		c.prog.Aggs = append(c.prog.Aggs, a)
	}
	s.Agg = a
	if a.Fn != fn {
		return nil, errorf(pos, tagAggRedef, "aggregation redefined: @%s\n\t current: @%s = %s( )\n\tprevious: @%s = %s( ) : line %d", name, name, fn, name, a.Fn, a.Pos.Line)
	}
	if err := matchParams(pos, a, params); err != nil {
		return nil, err
	}
	return s, c.aggKeys(pos, a, s)
}

func signedValue(args []ir.Expr) bool {
	return len(args) > 0 && args[0].Type().Base().Signed
}

// aggKeys makes the keys fit those of the aggregation's first use.
func (c *checker) aggKeys(pos lang.Pos, a *ir.Agg, s *ir.Aggregate) error {
	if len(s.Keys) != len(a.Keys) {
		return errorf(pos, tagProtoLen, "@%s[ ] prototype mismatch: %d key%s passed, %d expected", a.Name, len(s.Keys), plural(len(s.Keys)), len(a.Keys))
	}
	for i, k := range s.Keys {
		e, err := c.fit(k, a.Keys[i])
		if err != nil {
			return errorf(pos, tagProtoArg, "@%s[ ] key #%d is incompatible with prototype:\n\tprototype: %s\n\t      key: %s", a.Name, i+1, typeName(a.Keys[i]), typeName(k.Type()))
		}
		s.Keys[i] = e
	}
	return nil
}

// aggKey is a key of an aggregation: a value, or a stack.
func (c *checker) aggKey(x lang.Expr) (ir.Expr, error) {
	call, ok := x.(*lang.Call)
	if !ok {
		return c.expr(x)
	}
	id, ok := call.Fun.(*lang.Ident)
	if !ok {
		return c.expr(x)
	}
	switch id.Name {
	case "stack", "ustack", "jstack":
		a, err := c.stackAction(id.Name, call)
		if err != nil {
			return nil, err
		}
		return &ir.Call{Typed: ir.Typed{T: ctype.StackT}, Fn: id.Name, Args: []ir.Expr{konst(ctype.IntT, a.Num[0])}, Pos: x.Position()}, nil
	case "sym", "mod", "func", "addr", "usym", "umod", "ufunc", "uaddr":
		a, err := c.symAction(id.Name, call)
		if err != nil {
			return nil, err
		}
		return &ir.Call{Typed: ir.Typed{T: ctype.SymT}, Fn: id.Name, Args: a.Args, Pos: x.Position()}, nil
	}
	return c.expr(x)
}

func (c *checker) orderAgg(pos lang.Pos) error {
	switch {
	case c.order.commit:
		return errorf(pos, tagAggComm, "aggregating actions may not follow commit( )")
	case c.order.speculate:
		return errorf(pos, tagAggSpec, "aggregating actions may not follow speculate( )")
	}
	return nil
}

// orderRecord notes an action that leaves data.
func (c *checker) orderRecord(pos lang.Pos) error {
	if c.order.commit {
		return errorf(pos, tagDrecComm, "data-recording actions may not follow commit( )")
	}
	c.order.record = true
	return nil
}
