package gen

import (
	"slices"

	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// Run is one probe at an attach point and the clauses to run when it fires.
type Run struct {
	Probe   int
	Clauses []int // indices of Clauses
}

// Program makes the program for an attach point where one probe fires.
func (g *Generator) Program(p Point, r Run, state int32) (asm.Instructions, error) {
	c := newCode(g, p)
	c.prologue(state)
	c.emit(asm.Mov.Imm(asm.R9, int32(r.Probe)))
	c.probe = g.prog.Probes[r.Probe]
	if c.probe != nil && c.probe.Guard != nil {
		c.fault = c.label() // what cannot be read is no event
		fires := c.label()
		c.branchUnless(c.probe.Guard, c.fault)
		c.jump(fires)
		c.mark(c.fault)
		c.leave()
		c.mark(fires)
	}
	c.clauses(r.Clauses)
	c.leave()
	return c.finish()
}

// Shared makes the program for many places where one group of clauses runs; id
// leaves in R0 which probe it is. It works for probes that are no more than the
// point.
func (g *Generator) Shared(p Point, id asm.Instructions, clauses []int, state int32) (asm.Instructions, error) {
	c := newCode(g, p)
	c.prologue(state)
	c.emit(id...)
	c.emit(asm.Mov.Reg(asm.R9, asm.R0))
	c.clauses(clauses)
	c.leave()
	return c.finish()
}

func (c *code) prologue(state int32) {
	c.start()
	c.enter(state)
}

// start keeps the context. The way out for those that take no slot is right
// here, since a jump over a large program may be too far.
func (c *code) start() {
	begin := c.label()
	c.emit(asm.Mov.Reg(asm.R6, asm.R1))
	c.jump(begin)
	c.emit(asm.Mov.Imm(asm.R0, 0).WithSymbol("out"), asm.Return())
	c.mark(begin)
}

// enter leaves unless the session is in the given state, and takes a slot.
func (c *code) enter(state int32) {
	c.state = state
	c.emit(
		asm.LoadMapValue(asm.R1, 0, StateActive).WithReference(MapState),
		asm.LoadMem(asm.R1, asm.R1, 0, asm.Word),
		asm.JNE.Imm(asm.R1, state, "out"),
	)
	if c.g.cpu >= 0 {
		c.emit(asm.FnGetSmpProcessorId.Call(), asm.JNE.Imm(asm.R0, int32(c.g.cpu), "out"))
	}
	if own := c.ownSlot(); own >= 0 {
		c.slotAt(own)
	} else {
		c.takeSlot()
	}
	c.zero(asm.R7, c.g.slot.locals, c.g.slot.locSize)
	if c.g.slot.tokens > 0 {
		c.storeImm(asm.R7, int16(c.g.slot.token), 0)
	}
}

// slotAt leaves the address of a slot of this CPU in R7.
func (c *code) slotAt(i int) {
	c.emit(
		asm.FnGetSmpProcessorId.Call(),
		asm.Mul.Imm(asm.R0, Slots),
		asm.Add.Imm(asm.R0, int32(i)),
		asm.StoreMem(asm.RFP, -4, asm.R0, asm.Word),
		asm.LoadMapPtr(asm.R1, 0).WithReference(MapScratch),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -4),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.Mov.Reg(asm.R7, asm.R0),
	)
}

// ownSlot is the slot that belongs to the point alone, -1 for none: where one
// program runs that cannot run twice at a time on a CPU, it needs no flag.
func (c *code) ownSlot() int {
	if p, ok := c.point.(interface{ Single() int }); ok {
		return p.Single()
	}
	return -1
}

// takeSlot finds a slot that is free. One is taken and given back by its own
// flag, so the order in which nested probes end does not matter.
func (c *code) takeSlot() {
	for i := range nestedSlots {
		c.slotAt(ownSlots + i)
		c.emit(
			asm.Mov.Imm(asm.R0, 0),
			asm.Mov.Imm(asm.R1, 1),
			asm.CmpXchg.Mem(asm.R7, asm.R1, asm.DWord, int16(c.g.slot.busy)),
			asm.JEq.Imm(asm.R0, 0, "taken"),
		)
	}
	c.drop(DropNested)
	c.jump("out")
	c.mark("taken")
}

// leave gives the slot back and ends the program.
func (c *code) leave() {
	if c.ownSlot() < 0 {
		c.storeImm(asm.R7, int16(c.g.slot.busy), 0)
	}
	c.emit(asm.Mov.Imm(asm.R0, 0), asm.Return())
}

// zero clears size bytes, a multiple of 8, at base + off.
func (c *code) zero(base asm.Register, off, size int) {
	if size == 0 {
		return
	}
	c.emit(asm.Mov.Imm(asm.R1, 0))
	for i := 0; i < size; i += 8 {
		c.emit(asm.StoreMem(base, int16(off+i), asm.R1, asm.DWord))
	}
}

// drop counts a loss.
func (c *code) drop(which int32) {
	skip := c.label()
	c.emit(
		asm.StoreImm(asm.RFP, -4, int64(which), asm.Word),
		asm.LoadMapPtr(asm.R1, 0).WithReference(MapDrops),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -4),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, skip),
		asm.Mov.Imm(asm.R1, 1),
		asm.AddAtomic.Mem(asm.R0, asm.R1, asm.DWord, 0),
	)
	c.mark(skip)
}

// storeImm stores a word of 8 bytes; R1 is its vehicle.
func (c *code) storeImm(base asm.Register, off int16, v int32) {
	c.emit(asm.Mov.Imm(asm.R1, v), asm.StoreMem(base, off, asm.R1, asm.DWord))
}

// clauses runs clauses one by one; none runs after one that has called exit().
func (c *code) clauses(list []int) {
	for _, i := range list {
		c.oneClause(c.g.Clauses[i])
		if exits(c.g.Clauses[i].Clause) || c.marked && c.g.errorExits() {
			goOn := c.label()
			c.emit(
				asm.LoadMapValue(asm.R1, 0, StateActive).WithReference(MapState),
				asm.LoadMem(asm.R1, asm.R1, 0, asm.Word),
				asm.JEq.Imm(asm.R1, c.state, goOn),
			)
			c.leave()
			c.mark(goOn)
		}
	}
}

// exits reports whether a clause calls exit().
func exits(cl *ir.Clause) bool {
	found := false
	eachStmt(cl.Body, func(s ir.Stmt) {
		a, ok := s.(*ir.Action)
		found = found || ok && a.Kind == "exit"
	})
	return found
}

// clauseMark is the key of what marks where the code of a clause begins.
type clauseMark struct{}

func marked(in asm.Instruction, cl *ir.Clause) asm.Instruction {
	in.Metadata.Set(clauseMark{}, cl)
	return in
}

// ClauseAt is the clause whose code begins with an instruction, nil for none.
func ClauseAt(in *asm.Instruction) *ir.Clause {
	cl, _ := in.Metadata.Get(clauseMark{}).(*ir.Clause)
	return cl
}

func (c *code) oneClause(l *ClauseLayout) {
	end := c.label()
	c.clause, c.fault, c.marked, c.pos = l, c.label(), false, l.Clause.Pos
	c.depth, c.temps = 0, 0
	c.emit(
		marked(asm.Mov.Reg(asm.R8, asm.R7), l.Clause),
		asm.Add.Imm(asm.R8, int32(c.g.slot.record)),
	)
	if uses(l.Clause, "timestamp") || c.probe != nil && c.probeUses("timestamp") {
		c.emit(
			asm.FnKtimeGetNs.Call(),
			asm.StoreMem(asm.R7, int16(c.g.slot.ts), asm.R0, asm.DWord),
		)
	}
	if usesScratch(l.Clause) {
		c.clearScratch()
	}
	if usesTokens(l.Clause) {
		c.beginTokens()
	}
	if l.Clause.Pred != nil {
		c.branchUnless(l.Clause.Pred, end)
	}
	for _, a := range l.Actions {
		if a.Mark >= 0 {
			c.storeImm(asm.R8, int16(a.Mark), 0)
		}
	}
	if l.Size > 0 {
		c.storeImm(asm.R8, 16, 0) // no speculation
	}
	next := 0
	c.stmts(l.Clause.Body, &next)
	if l.Size > 0 {
		c.output(l.Clause.ID, KindData, l.Size)
	}
	c.jump(end)
	c.mark(c.fault)
	if c.marked {
		c.output(l.Clause.ID, KindError, HeaderSize+16)
		c.fireError(l)
		c.marked = true
	}
	c.mark(end)
}

// probeUses reports whether the probe's own arguments read a built-in variable.
func (c *code) probeUses(name string) bool {
	found := false
	for _, x := range c.probe.Args {
		walkExpr(x, func(x ir.Expr) {
			b, ok := x.(*ir.Builtin)
			found = found || ok && b.Name == name
		})
	}
	return found
}

// output puts the record out, or counts its loss.
func (c *code) output(clause int, kind int64, size int) {
	ok := c.label()
	c.emit(
		asm.StoreImm(asm.R8, 0, int64(clause), asm.Word),
		asm.StoreMem(asm.R8, 4, asm.R9, asm.Word),
		asm.StoreImm(asm.R8, 12, kind, asm.Word),
		asm.FnGetSmpProcessorId.Call(),
		asm.StoreMem(asm.R8, 8, asm.R0, asm.Word),
	)
	if kind == KindError {
		c.emit(
			asm.LoadMem(asm.R1, asm.R7, int16(c.g.slot.fault), asm.DWord),
			asm.StoreMem(asm.R8, HeaderSize, asm.R1, asm.DWord),
			asm.LoadMem(asm.R1, asm.R7, int16(c.g.slot.fault+8), asm.DWord),
			asm.StoreMem(asm.R8, HeaderSize+8, asm.R1, asm.DWord),
		)
	}
	c.emit(
		asm.LoadMapPtr(asm.R1, 0).WithReference(MapOut),
		asm.Mov.Reg(asm.R2, asm.R8),
		asm.Mov.Imm(asm.R3, int32(size)),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnRingbufOutput.Call(),
		asm.JEq.Imm(asm.R0, 0, ok),
	)
	c.drop(DropPrincipal)
	c.mark(ok)
}

// Faults, as the ERROR probe's arg4 tells them.
const (
	FaultBadAddr = 1
	FaultIllegal = 3
	FaultDivZero = 4
	FaultNoSpace = 5
	FaultBadSize = 10
)

// faultIf leaves the clause when R0 is not zero; the address that was bad is in
// the stack word at addr.
func (c *code) faultIf(code int64, addr int16) {
	c.marked = true
	ok := c.label()
	c.emit(
		asm.JEq.Imm(asm.R0, 0, ok),
		asm.LoadMem(asm.R1, asm.RFP, addr, asm.DWord),
		asm.StoreMem(asm.R7, int16(c.g.slot.fault), asm.R1, asm.DWord),
	)
	c.faultHere(code)
	c.mark(ok)
}

// faultHere leaves the clause; the address is stored already. The instruction
// that tells where is completed when all instructions have their places.
func (c *code) faultHere(code int64) {
	c.marked = true
	c.storeImm(asm.R7, int16(c.g.slot.fault+8), int32(code))
	c.faults = append(c.faults, len(c.ins)-2)
	c.jump(c.fault)
}

// Uses reports whether any clause of a program reads a built-in variable.
func Uses(p *ir.Program, name string) bool {
	for _, c := range p.Clauses {
		if uses(c, name) {
			return true
		}
	}
	return false
}

// uses reports whether a clause reads a built-in variable.
func uses(cl *ir.Clause, name string) bool {
	found := false
	see := func(x ir.Expr) {
		if b, ok := x.(*ir.Builtin); ok && b.Name == name {
			found = true
		}
	}
	if cl.Pred != nil {
		walkExpr(cl.Pred, see)
	}
	eachStmt(cl.Body, func(s ir.Stmt) { stmtExprs(s, func(x ir.Expr) { walkExpr(x, see) }) })
	return found
}

// callsAny reports whether a clause calls any of some subroutines.
func callsAny(cl *ir.Clause, names ...string) bool {
	found := false
	see := func(x ir.Expr) {
		if call, ok := x.(*ir.Call); ok && slices.Contains(names, call.Fn) {
			found = true
		}
	}
	if cl.Pred != nil {
		walkExpr(cl.Pred, see)
	}
	eachStmt(cl.Body, func(s ir.Stmt) { stmtExprs(s, func(x ir.Expr) { walkExpr(x, see) }) })
	return found
}

func stmtExprs(s ir.Stmt, f func(ir.Expr)) {
	var list []ir.Expr
	switch s := s.(type) {
	case *ir.Eval:
		list = []ir.Expr{s.X}
	case *ir.If:
		list = []ir.Expr{s.Cond}
	case *ir.Action:
		list = s.Args
	case *ir.Aggregate:
		list = append(append(list, s.Keys...), s.Args...)
	}
	for _, x := range list {
		f(x)
	}
}

// walkExpr visits x and everything in it.
func walkExpr(x ir.Expr, f func(ir.Expr)) {
	f(x)
	for _, in := range operands(x) {
		if in != nil {
			walkExpr(in, f)
		}
	}
}

func operands(x ir.Expr) []ir.Expr {
	switch x := x.(type) {
	case *ir.VarRef:
		return x.Keys
	case *ir.Builtin:
		return []ir.Expr{x.Arg}
	case *ir.Unary:
		return []ir.Expr{x.X}
	case *ir.Binary:
		return []ir.Expr{x.X, x.Y}
	case *ir.Compare:
		return []ir.Expr{x.X, x.Y}
	case *ir.Logic:
		return []ir.Expr{x.X, x.Y}
	case *ir.Cond:
		return []ir.Expr{x.If, x.Then, x.Else}
	case *ir.Convert:
		return []ir.Expr{x.X}
	case *ir.ToString:
		return []ir.Expr{x.X}
	case *ir.Load:
		return []ir.Expr{x.Addr}
	case *ir.Addr:
		return []ir.Expr{x.X}
	case *ir.Assign:
		return []ir.Expr{x.L, x.X}
	case *ir.Step:
		return []ir.Expr{x.L}
	case *ir.Comma:
		return []ir.Expr{x.X, x.Y}
	case *ir.Call:
		return x.Args
	}
	return nil
}
