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
	args, err := c.arguments(call, name, &routine{params: plainParams(name)})
	if err != nil {
		return nil, err
	}
	switch name {
	case "exit":
		if c.order.speculate {
			return nil, errorf(call.Pos, tagExitSpec, "exit( ) may not follow speculate( )")
		}
		err = c.orderRecord(call.Pos)
	case "ftruncate":
		err = c.orderRecord(call.Pos)
	default:
		err = c.orderDestructive(call.Pos)
	}
	return &ir.Action{Kind: name, Args: args, Pos: call.Pos}, err
}

func plainParams(name string) []param {
	switch name {
	case "exit", "raise", "chill":
		return []param{intParam}
	case "copyout":
		return []param{voidPtr, addressParam, sizeParam}
	case "copyoutstr":
		return []param{stringParam, addressParam, sizeParam}
	}
	return nil
}

// orderDestructive notes an action that changes the system.
func (c *checker) orderDestructive(pos lang.Pos) error {
	c.prog.Needs.Destructive = true
	if c.order.speculate {
		return errorf(pos, tagActSpec, "destructive actions may not follow speculate( )")
	}
	return nil
}

func (c *checker) traceAction(call *lang.Call) (ir.Stmt, error) {
	if err := countArgs(call, "trace", 1, 1); err != nil {
		return nil, err
	}
	if err := c.orderRecord(call.Pos); err != nil {
		return nil, err
	}
	e, err := c.argExpr(call.Args[0])
	if err != nil {
		return nil, err
	}
	switch e.Type().Base().Kind {
	case ctype.Agg, ctype.Dynamic:
		return nil, errorf(call.Pos, "D_TRACE_DYN", "trace( ) may not be applied to a dynamic expression")
	case ctype.Void, ctype.Func:
		return nil, errorf(call.Pos, "D_TRACE_VOID", "trace( ) may not be applied to a void expression")
	}
	return &ir.Action{Kind: "trace", Args: []ir.Expr{e}, Pos: call.Pos}, nil
}

// printAction is print(address): the layout of what it points to.
func (c *checker) printAction(call *lang.Call) (ir.Stmt, error) {
	args, err := c.arguments(call, "print", &routine{params: []param{voidPtr}})
	if err != nil {
		return nil, err
	}
	if err := c.orderRecord(call.Pos); err != nil {
		return nil, err
	}
	t := args[0].Type().Base()
	if t.Kind != ctype.Pointer {
		return nil, mismatch(call.Pos, "print", 1, voidPtr, args[0])
	}
	if t.Elem.Bytes() == 0 {
		return nil, errorf(call.Pos, "D_PRINT_SIZE", "print( ) argument #1 reference has type '%s' with size 0; cannot print( ) it.", t.Elem)
	}
	return &ir.Action{Kind: "print", Args: args, Pos: call.Pos}, nil
}

// tracememAction is tracemem(address, size [, size that is wanted]).
func (c *checker) tracememAction(call *lang.Call) (ir.Stmt, error) {
	if err := countArgs(call, "tracemem", 2, 3); err != nil {
		return nil, err
	}
	if err := c.orderRecord(call.Pos); err != nil {
		return nil, err
	}
	addr, err := c.argExpr(call.Args[0])
	if err != nil {
		return nil, err
	}
	if !isAddress(addr.Type()) && !addr.Type().IsInt() && !addr.Type().IsString() {
		return nil, errorf(call.Pos, "D_TRACEMEM_ADDR", "tracemem( ) argument #1 is incompatible with prototype:\n\tprototype: pointer or integer\n\t argument: %s", typeName(addr.Type()))
	}
	size, err := c.argExpr(call.Args[1])
	if err != nil {
		return nil, err
	}
	if !size.Type().IsInt() {
		return nil, mismatch(call.Pos, "tracemem", 2, sizeParam, size)
	}
	k, ok := size.(*ir.Const)
	if !ok || k.V <= 0 || k.V > 64<<10 {
		return nil, errorf(call.Pos, "D_TRACEMEM_SIZE", "tracemem( ) argument #2 must be a non-zero positive integral constant expression")
	}
	a := &ir.Action{Kind: "tracemem", Args: []ir.Expr{addr}, Pos: call.Pos}
	a.Num[0] = k.V
	if len(call.Args) == 3 {
		dyn, err := c.argExpr(call.Args[2])
		if err != nil {
			return nil, err
		}
		if !dyn.Type().IsInt() {
			return nil, mismatch(call.Pos, "tracemem", 3, sizeParam, dyn)
		}
		a.Args = append(a.Args, convert(dyn, ctype.Long))
	}
	return a, nil
}

// stackAction is stack([frames]), ustack([frames [, string size]]).
func (c *checker) stackAction(name string, call *lang.Call) (*ir.Action, error) {
	most := 1
	a := &ir.Action{Kind: name, Pos: call.Pos}
	a.Num[0] = int64(c.env.Options.StackFrames)
	if name != "stack" {
		most = 2
		a.Num[0] = int64(c.env.Options.UStackFrame)
	}
	if err := countArgs(call, name, 0, most); err != nil {
		return nil, err
	}
	for i, x := range call.Args {
		e, err := c.argExpr(x)
		if err != nil {
			return nil, err
		}
		if !e.Type().IsInt() {
			return nil, mismatch(call.Pos, name, i+1, param{anyInt, "uint32_t"}, e)
		}
		tag, want := lang.Tag("D_STACK_SIZE"), "non-zero positive"
		if name != "stack" {
			tag = [...]lang.Tag{"D_USTACK_FRAMES", "D_USTACK_STRSIZE"}[i]
		}
		if i > 0 {
			want = "positive"
		}
		k, ok := e.(*ir.Const)
		if !ok || k.V < 0 || k.V == 0 && i == 0 || k.V > math.MaxInt32 {
			return nil, errorf(call.Pos, tag, "%s( ) argument #%d must be a %s integer constant", name, i+1, want)
		}
		a.Num[i] = k.V
	}
	return a, nil
}

// symAction is sym(address) and its kin.
func (c *checker) symAction(name string, call *lang.Call) (*ir.Action, error) {
	args, err := c.arguments(call, name, &routine{params: []param{addressParam}})
	if err != nil {
		return nil, err
	}
	return &ir.Action{Kind: name, Args: []ir.Expr{convert(args[0], ctype.ULong)}, Pos: call.Pos}, nil
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
	args, err := c.arguments(call, name, &routine{params: []param{intParam}})
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
	switch name {
	case "trunc":
		most = 2
	case "normalize":
		least, most = 2, 2
	}
	if err := countArgs(call, name, least, most); err != nil {
		return nil, err
	}
	if err := c.orderRecord(call.Pos); err != nil {
		return nil, err
	}
	upper := map[string]string{"clear": "CLEAR", "trunc": "TRUNC", "normalize": "NORMALIZE", "denormalize": "NORMALIZE"}[name]
	agg, err := c.aggArg(call, 0, lang.Tag("D_"+upper+"_AGGARG"), lang.Tag("D_"+upper+"_AGGBAD"))
	if err != nil {
		return nil, err
	}
	a := &ir.Action{Kind: name, Aggs: []*ir.Agg{agg}, Pos: call.Pos}
	for _, x := range call.Args[1:] {
		e, err := c.argExpr(x)
		if err != nil {
			return nil, err
		}
		if !e.Type().IsInt() {
			if name == "normalize" {
				return nil, errorf(call.Pos, "D_NORMALIZE_SCALAR", "normalize( ) argument #2 must be of scalar type")
			}
			return nil, mismatch(call.Pos, name, 2, intParam, e)
		}
		a.Args = append(a.Args, convert(e, ctype.Long))
	}
	return a, nil
}

// aggArg is an argument that must be an aggregation.
func (c *checker) aggArg(call *lang.Call, i int, argTag, badTag lang.Tag) (*ir.Agg, error) {
	name := call.Fun.(*lang.Ident).Name
	id, ok := call.Args[i].(*lang.AggIdent)
	if !ok {
		e, err := c.argExpr(call.Args[i])
		if err != nil {
			return nil, err
		}
		return nil, errorf(call.Pos, argTag, "%s( ) argument #%d is incompatible with prototype:\n\tprototype: aggregation\n\t argument: %s", name, i+1, typeName(e.Type()))
	}
	if agg := c.aggs[trimAt(id.Name)]; agg != nil {
		return agg, nil
	}
	return nil, errorf(call.Pos, badTag, "undefined aggregation: @%s", trimAt(id.Name))
}

func (c *checker) setoptAction(call *lang.Call) (ir.Stmt, error) {
	args, err := c.arguments(call, "setopt", &routine{params: []param{stringParam, stringParam}, optional: 1})
	if err != nil {
		return nil, err
	}
	return &ir.Action{Kind: "setopt", Args: args, Pos: call.Pos}, c.orderRecord(call.Pos)
}
