package sema

import (
	"math"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// action is a tracing action as a statement.
func (c *checker) action(name string, call *lang.Call) (ir.Stmt, error) {
	if _, isAgg := aggFunc(call); isAgg {
		return nil, errorf(call.Pos, tagAggNull, "aggregating function %s( ) must be assigned to an aggregation", name)
	}
	switch name {
	case "trace":
		return c.traceAction(call)
	case "tracemem":
		return c.tracememAction(call)
	case "print":
		return c.printAction(call)
	case "printf":
		return c.printfAction(name, call)
	case "system", "freopen":
		c.prog.Needs.Destructive = true
		return c.printfAction(name, call)
	case "printa":
		return c.printaAction(call)
	case "stack", "ustack", "jstack":
		if err := c.orderRecord(call.Pos); err != nil {
			return nil, err
		}
		return c.stackAction(name, call)
	case "sym", "mod", "func", "addr", "usym", "umod", "ufunc", "uaddr":
		if err := c.orderRecord(call.Pos); err != nil {
			return nil, err
		}
		return c.symAction(name, call)
	case "speculate", "commit", "discard":
		return c.speculationAction(name, call)
	case "clear", "trunc", "normalize", "denormalize":
		return c.aggregationAction(name, call)
	case "pcap":
		return nil, errorf(call.Pos, tagFuncUndef, "pcap( ) is not supported on this host")
	case "jail", "setopt":
		return c.setoptAction(call)
	}
	return c.plainAction(name, call)
}

// plainAction is one whose arguments are just integers or addresses.
func (c *checker) plainAction(name string, call *lang.Call) (ir.Stmt, error) {
	var params []paramKind
	switch name {
	case "exit", "raise", "chill":
		params = []paramKind{anyInt}
	case "copyout", "copyoutstr":
		params = []paramKind{aPointer, aPointer, anyInt}
		if name == "copyoutstr" {
			params[0] = aString
		}
	}
	args, err := c.arguments(call, name, &routine{params: params})
	if err != nil {
		return nil, err
	}
	switch name {
	case "exit":
		if c.order.speculate {
			return nil, errorf(call.Pos, tagExitSpec, "exit( ) may not follow speculate( )")
		}
		if err := c.orderRecord(call.Pos); err != nil {
			return nil, err
		}
	case "ftruncate":
		if err := c.orderRecord(call.Pos); err != nil {
			return nil, err
		}
	default:
		c.prog.Needs.Destructive = true
		if c.order.speculate {
			return nil, errorf(call.Pos, tagActSpec, "destructive actions may not follow speculate( )")
		}
	}
	return &ir.Action{Kind: name, Args: args, Pos: call.Pos}, nil
}

func (c *checker) traceAction(call *lang.Call) (ir.Stmt, error) {
	if len(call.Args) != 1 {
		return nil, errorf(call.Pos, tagProtoLen, "trace( ) prototype mismatch: %d args passed, 1 expected", len(call.Args))
	}
	if err := c.orderRecord(call.Pos); err != nil {
		return nil, err
	}
	if isAggLeft(call.Args[0]) {
		return nil, errorf(call.Pos, "D_TRACE_DYN", "trace( ) may not be applied to a dynamic expression")
	}
	e, err := c.aggKey(call.Args[0])
	if err != nil {
		return nil, err
	}
	if e.Type().IsVoid() || e.Type().Base().Kind == ctype.Func {
		return nil, errorf(call.Pos, "D_TRACE_VOID", "trace( ) may not be applied to a void expression")
	}
	return &ir.Action{Kind: "trace", Args: []ir.Expr{e}, Pos: call.Pos}, nil
}

func (c *checker) printAction(call *lang.Call) (ir.Stmt, error) {
	if len(call.Args) != 1 {
		return nil, errorf(call.Pos, tagProtoLen, "print( ) prototype mismatch: %d args passed, 1 expected", len(call.Args))
	}
	if err := c.orderRecord(call.Pos); err != nil {
		return nil, err
	}
	e, err := c.expr(call.Args[0])
	if err != nil {
		return nil, err
	}
	if e.Type().IsVoid() {
		return nil, errorf(call.Pos, "D_PRINT_VOID", "print( ) may not be applied to a void expression")
	}
	return &ir.Action{Kind: "print", Args: []ir.Expr{e}, Pos: call.Pos}, nil
}

// tracememAction is tracemem(address, size [, size that is wanted]).
func (c *checker) tracememAction(call *lang.Call) (ir.Stmt, error) {
	if n := len(call.Args); n < 2 || n > 3 {
		return nil, errorf(call.Pos, tagProtoLen, "tracemem( ) prototype mismatch: %d args passed, 2 or 3 expected", n)
	}
	if err := c.orderRecord(call.Pos); err != nil {
		return nil, err
	}
	addr, err := c.expr(call.Args[0])
	if err != nil {
		return nil, err
	}
	if !isAddress(addr.Type()) && !addr.Type().IsInt() && !addr.Type().IsString() {
		return nil, errorf(call.Pos, "D_TRACEMEM_ADDR", "tracemem( ) argument #1 is incompatible with prototype:\n\tprototype: pointer or integer\n\t argument: %s", addr.Type())
	}
	size, err := c.constant(call.Args[1], "D_TRACEMEM_SIZE", "tracemem( ) argument #2 must be a non-zero positive integral constant expression")
	if err != nil {
		return nil, err
	}
	if size <= 0 || size > 64<<10 {
		return nil, errorf(call.Pos, "D_TRACEMEM_SIZE", "tracemem( ) argument #2 must be a non-zero positive integral constant expression")
	}
	a := &ir.Action{Kind: "tracemem", Args: []ir.Expr{addr}, Pos: call.Pos}
	a.Num[0] = size
	if len(call.Args) == 3 {
		dyn, err := c.expr(call.Args[2])
		if err != nil {
			return nil, err
		}
		if !dyn.Type().IsInt() {
			return nil, errorf(call.Pos, "D_TRACEMEM_DYNSIZE", "tracemem( ) argument #3 must be of integral type")
		}
		a.Args = append(a.Args, convert(dyn, ctype.Long))
	}
	return a, nil
}

// stackAction is stack([frames]), ustack([frames [, string size]]).
func (c *checker) stackAction(name string, call *lang.Call) (*ir.Action, error) {
	most, proto := 1, lang.Tag("D_STACK_PROTO")
	a := &ir.Action{Kind: name, Pos: call.Pos}
	a.Num[0] = int64(c.env.Options.StackFrames)
	if name != "stack" {
		most, proto = 2, "D_USTACK_PROTO"
		a.Num[0] = int64(c.env.Options.UStackFrame)
	}
	if len(call.Args) > most {
		return nil, errorf(call.Pos, proto, "%s( ) prototype mismatch: too many arguments", name)
	}
	for i, x := range call.Args {
		tag := lang.Tag("D_STACK_SIZE")
		if name != "stack" {
			tag = [...]lang.Tag{"D_USTACK_FRAMES", "D_USTACK_STRSIZE"}[i]
		}
		const want = "%s( ) argument #%d must be a non-zero positive integer constant"
		e, err := c.expr(x)
		if err != nil {
			return nil, err
		}
		k, ok := e.(*ir.Const)
		if !ok || k.V < 0 || k.V == 0 && i == 0 || k.V > math.MaxInt32 {
			return nil, errorf(call.Pos, tag, want, name, i+1)
		}
		a.Num[i] = k.V
	}
	return a, nil
}

// symAction is sym(address) and its kin.
func (c *checker) symAction(name string, call *lang.Call) (*ir.Action, error) {
	if len(call.Args) != 1 {
		return nil, errorf(call.Pos, tagProtoLen, "%s( ) prototype mismatch: %d args passed, 1 expected", name, len(call.Args))
	}
	e, err := c.expr(call.Args[0])
	if err != nil {
		return nil, err
	}
	if !e.Type().IsInt() && !isAddress(e.Type()) {
		return nil, errorf(call.Pos, tagProtoArg, "%s( ) argument #1 is incompatible with prototype:\n\tprototype: address\n\t argument: %s", name, e.Type())
	}
	return &ir.Action{Kind: name, Args: []ir.Expr{convert(e, ctype.ULong)}, Pos: call.Pos}, nil
}

func (c *checker) speculationAction(name string, call *lang.Call) (ir.Stmt, error) {
	switch {
	case name == "speculate" && c.order.speculate:
		return nil, errorf(call.Pos, tagSpecSpec, "speculate( ) may not follow speculate( )")
	case name == "speculate" && c.order.commit:
		return nil, errorf(call.Pos, tagSpecComm, "speculate( ) may not follow commit( )")
	case name == "speculate" && c.order.record:
		return nil, errorf(call.Pos, tagSpecDrec, "speculate( ) may not follow data-recording action(s)")
	case name == "commit" && c.order.record:
		return nil, errorf(call.Pos, tagCommDrec, "commit( ) may not follow data-recording action(s)")
	}
	args, err := c.arguments(call, name, &routine{params: []paramKind{anyInt}})
	if err != nil {
		return nil, err
	}
	c.order.speculate = c.order.speculate || name == "speculate"
	c.order.commit = c.order.commit || name == "commit"
	c.prog.Needs.Speculation = true
	return &ir.Action{Kind: name, Args: args, Pos: call.Pos}, nil
}

// aggregationAction is clear, trunc, normalize or denormalize of an aggregation.
func (c *checker) aggregationAction(name string, call *lang.Call) (ir.Stmt, error) {
	least, most := 1, 1
	if name == "trunc" {
		most = 2
	}
	if name == "normalize" {
		least, most = 2, 2
	}
	upper := map[string]string{"clear": "CLEAR", "trunc": "TRUNC", "normalize": "NORMALIZE", "denormalize": "NORMALIZE"}[name]
	if n := len(call.Args); n < least || n > most {
		tag := lang.Tag("D_" + upper + "_PROTO")
		if name != "clear" && name != "normalize" && name != "denormalize" {
			tag = "D_TRUNC_PROTO"
		}
		return nil, errorf(call.Pos, tag, "%s( ) prototype mismatch: %d args passed, %d expected", name, n, least)
	}
	if err := c.orderRecord(call.Pos); err != nil {
		return nil, err
	}
	id, ok := call.Args[0].(*lang.AggIdent)
	if !ok {
		return nil, errorf(call.Pos, lang.Tag("D_"+upper+"_AGGARG"), "%s( ) argument #1 is incompatible with prototype:\n\tprototype: aggregation", name)
	}
	agg := c.aggs[trimAt(id.Name)]
	if agg == nil {
		return nil, errorf(call.Pos, lang.Tag("D_"+upper+"_AGGBAD"), "undefined aggregation: @%s", trimAt(id.Name))
	}
	a := &ir.Action{Kind: name, Aggs: []*ir.Agg{agg}, Pos: call.Pos}
	for _, x := range call.Args[1:] {
		e, err := c.expr(x)
		if err != nil {
			return nil, err
		}
		if !e.Type().IsInt() {
			return nil, errorf(call.Pos, lang.Tag("D_"+upper+"_SCALAR"), "%s( ) argument #2 must be of scalar type", name)
		}
		a.Args = append(a.Args, convert(e, ctype.Long))
	}
	return a, nil
}

func (c *checker) setoptAction(call *lang.Call) (ir.Stmt, error) {
	if n := len(call.Args); n < 1 || n > 2 {
		return nil, errorf(call.Pos, tagProtoLen, "setopt( ) prototype mismatch: %d args passed, 1 or 2 expected", n)
	}
	a := &ir.Action{Kind: "setopt", Pos: call.Pos}
	for _, x := range call.Args {
		e, err := c.expr(x)
		if err != nil {
			return nil, err
		}
		if !e.Type().IsString() {
			return nil, errorf(call.Pos, tagProtoArg, "setopt( ) arguments must be strings")
		}
		a.Args = append(a.Args, e)
	}
	return a, c.orderRecord(call.Pos)
}
