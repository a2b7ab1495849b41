package gen

import (
	"fmt"
	"slices"

	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// Generator plans one run: the layouts of all records, variables and
// aggregations. Programs are made of it one attach point at a time.
type Generator struct {
	prog    *ir.Program
	strSize int // bytes that a string takes where it is kept
	strCap  int // bytes of a string with its NUL
	specs   int
	scratch int

	cpu       int  // probes fire there only; -1 for all
	printSize int  // bytes that print() records at most
	rawBytes  bool // strings are shown to their last byte

	Clauses []*ClauseLayout
	Aggs    []*AggLayout
	Vars    map[*ir.Var]*VarLayout
	Strings []byte // content of MapStrings
	Globals int    // bytes of MapGlobals
	Zones   bool   // programs ask for zones: MapZones must be filled

	slot    slot
	strings map[string]int
	zones   []string // that programs compare with
	errors  Run      // what an error fires
}

// Options of a run.
type Options struct {
	StrSize int // bytes of a string with its NUL
	Scratch int // bytes of scratch memory
	Specs   int // speculations at a time
	Print   int // bytes that print() records at most

	RawBytes bool // strings are shown to their last byte
	CPU      int  // probes fire there only; -1 for all
}

// New plans a program.
func New(prog *ir.Program, o Options) *Generator {
	g := &Generator{
		prog: prog, strSize: max(round8(o.StrSize), 16), strCap: o.StrSize, specs: o.Specs, scratch: round8(o.Scratch), printSize: max(o.Print, 8), rawBytes: o.RawBytes, cpu: o.CPU, Vars: map[*ir.Var]*VarLayout{},
		strings: map[string]int{}, Strings: make([]byte, max(round8(o.StrSize), 16)),
	}
	g.planVars()
	g.planAggs()
	for _, c := range prog.Clauses {
		g.Clauses = append(g.Clauses, g.planClause(c))
	}
	g.planSlot()
	g.planStrings()
	return g
}

// planStrings collects the constants, since their map is made before any
// program.
func (g *Generator) planStrings() {
	see := func(x ir.Expr) {
		if s, ok := x.(*ir.Str); ok {
			g.str(s.S)
		}
		g.planZones(x)
	}
	for _, c := range g.prog.Clauses {
		if c.Pred != nil {
			walkExpr(c.Pred, see)
		}
		eachStmt(c.Body, func(s ir.Stmt) { stmtExprs(s, func(x ir.Expr) { walkExpr(x, see) }) })
	}
	for _, p := range g.prog.Probes {
		for _, x := range p.Args {
			walkExpr(x, see)
		}
		for _, x := range []ir.Expr{p.Guard, p.Task} {
			if x != nil {
				walkExpr(x, see)
			}
		}
	}
}

// Zeros is the size of MapZero's value: of all that begins as zeros.
func (g *Generator) Zeros() int {
	n := max(8, g.scratch)
	for _, a := range g.Aggs {
		n = max(n, a.ValueSize)
	}
	for _, v := range g.Vars {
		n = max(n, v.Size)
	}
	return n
}

// StringSize is the bytes of a string with its NUL.
func (g *Generator) StringSize() int { return g.strCap }

// ScratchSize is the size of a slot in MapScratch.
func (g *Generator) ScratchSize() int { return g.slot.size }

// str returns the offset of a constant in MapStrings; 0 is the empty string.
// Each is padded so that a whole string's bytes can be read from it.
func (g *Generator) str(s string) int {
	if i := len(s); i >= g.strCap {
		s = s[:g.strCap-1]
	}
	if s == "" {
		return 0
	}
	if off, ok := g.strings[s]; ok {
		return off
	}
	off := len(g.Strings)
	g.strings[s] = off
	padded := make([]byte, g.strSize)
	copy(padded, s)
	g.Strings = append(g.Strings, padded...)
	return off
}

func (g *Generator) planVars() {
	for i, v := range g.prog.Globals {
		l := &VarLayout{Var: v, Size: g.storage(v.Type)}
		g.Vars[v] = l
		if v.Scope == ir.Global && v.Keys == nil {
			l.Off = g.Globals
			g.Globals += l.Size
			continue
		}
		l.Map = fmt.Sprintf("dt_var%d", i)
		if v.Scope == ir.Thread {
			l.KeySize = 8
		}
		l.Keys, l.KeySize = g.planKeys(v.Keys, l.KeySize)
		g.slot.keySize = max(g.slot.keySize, l.KeySize+l.Size)
	}
	for _, v := range g.prog.Locals {
		l := &VarLayout{Var: v, Size: g.storage(v.Type), Off: g.slot.locSize}
		g.Vars[v] = l
		g.slot.locSize += l.Size
	}
}

func (g *Generator) planKeys(types []*ctype.Type, off int) ([]Field, int) {
	var fields []Field
	for _, t := range types {
		f := Field{Off: off, Size: g.storage(t), Type: t}
		fields = append(fields, f)
		off += f.Size
	}
	return fields, off
}

func (g *Generator) planAggs() {
	for i, a := range g.prog.Aggs {
		l := &AggLayout{Agg: a, Map: fmt.Sprintf("dt_agg%d", i), ValueSize: 8 * aggWords(a)}
		l.Keys, l.KeySize = g.aggKeys(a)
		g.Aggs = append(g.Aggs, l)
		g.slot.aggSize = max(g.slot.aggSize, l.KeySize)
	}
}

// aggKeys lays a tuple out. A key that is the name of a program wherever the
// aggregation is used takes the kernel's 16 bytes, not a whole string's: hashing
// is most of what an event costs.
func (g *Generator) aggKeys(a *ir.Agg) ([]Field, int) {
	var fields []Field
	off := 0
	for i, t := range a.Keys {
		f := Field{Off: off, Size: g.storage(t), Type: t}
		uses := g.keyUses(a, i)
		switch t.Base().Kind {
		case ctype.Stack:
			f.Sym, f.Size = callName(uses[0]), 0
			for _, u := range uses {
				f.Size = max(f.Size, g.stackSize(u.(*ir.Call).Args[0].(*ir.Const).V))
			}
		case ctype.Sym:
			f.Sym = callName(uses[0])
		case ctype.Str:
			if allExecname(uses) {
				f.Size = 16
			}
		}
		fields = append(fields, f)
		off += f.Size
	}
	return fields, max(off, 8)
}

func callName(x ir.Expr) string { return x.(*ir.Call).Fn }

func allExecname(uses []ir.Expr) bool {
	for _, u := range uses {
		if b, ok := u.(*ir.Builtin); !ok || b.Name != "execname" {
			return false
		}
	}
	return true
}

// keyUses are the expressions that stand for key i of an aggregation.
func (g *Generator) keyUses(a *ir.Agg, i int) []ir.Expr {
	var uses []ir.Expr
	for _, c := range g.prog.Clauses {
		eachStmt(c.Body, func(s ir.Stmt) {
			if s, ok := s.(*ir.Aggregate); ok && s.Agg == a {
				uses = append(uses, s.Keys[i])
			}
		})
	}
	return uses
}

func eachStmt(list []ir.Stmt, f func(ir.Stmt)) {
	for _, s := range list {
		f(s)
		if s, ok := s.(*ir.If); ok {
			eachStmt(s.Then, f)
			eachStmt(s.Else, f)
		}
	}
}

// stackSize is the bytes of a stack of n frames: its pid, then addresses.
func (g *Generator) stackSize(n int64) int { return 8 + 8*int(n) }

// planClause lays out the record of a clause.
func (g *Generator) planClause(c *ir.Clause) *ClauseLayout {
	l := &ClauseLayout{Clause: c, Size: HeaderSize}
	n := 0
	var walk func([]ir.Stmt, bool)
	walk = func(list []ir.Stmt, branch bool) {
		for _, s := range list {
			n++
			switch s := s.(type) {
			case *ir.If:
				walk(s.Then, true)
				walk(s.Else, true)
			case *ir.Action:
				a := ActionLayout{Action: s, Stmt: n, Mark: -1}
				if branch {
					a.Mark = l.Size
					l.Size += 8
				}
				g.planAction(l, &a)
				l.Actions = append(l.Actions, a)
			}
		}
	}
	walk(c.Body, false)
	if len(l.Actions) == 0 {
		l.Size = 0
	}
	g.slot.recSize = max(g.slot.recSize, l.Size, HeaderSize+32)
	return l
}

func (g *Generator) planAction(l *ClauseLayout, a *ActionLayout) {
	add := func(size int, t *ctype.Type, sym string) {
		a.Fields = append(a.Fields, Field{Off: l.Size, Size: size, Type: t, Sym: sym})
		l.Size += round8(size)
	}
	s := a.Action
	switch s.Kind {
	case "stack", "ustack", "jstack":
		add(g.stackSize(s.Num[0]), ctype.StackT, s.Kind)
	case "sym", "mod", "func", "addr", "usym", "umod", "ufunc", "uaddr":
		add(16, ctype.SymT, s.Kind)
	case "tracemem":
		add(int(s.Num[0]), ctype.ArrayOf(ctype.UChar, int(s.Num[0])), "")
		if len(s.Args) > 1 {
			add(8, ctype.Long, "")
		}
	case "raise", "stop", "copyout", "copyoutstr":
	case "print":
		t := s.Args[0].Type().Base().Elem
		add(8, s.Args[0].Type(), "")
		add(min(t.Bytes(), g.printSize), t, "")
	default:
		for _, x := range s.Args {
			t := x.Type()
			if call, ok := x.(*ir.Call); ok && t.Base().Kind == ctype.Stack {
				add(g.stackSize(call.Args[0].(*ir.Const).V), t, call.Fn)
			} else if ok && t.Base().Kind == ctype.Sym {
				add(16, t, call.Fn)
			} else {
				add(g.storage(t), t, "")
			}
		}
	}
}

func (g *Generator) planSlot() {
	s := &g.slot
	at := 0
	place := func(size int) int {
		off := at
		at += round8(size)
		return off
	}
	s.busy = place(8)
	s.ts = place(8)
	s.set = place(8 * ((len(g.Clauses) + 63) / 64))
	s.fault = place(16)
	s.errArgs = place(6 * 8)
	s.scratchTop = place(8)
	s.digits = place(maxDigits)
	s.token = place(8)
	s.record = place(s.recSize)
	s.locals = place(s.locSize)
	s.key = place(s.keySize)
	s.aggKey = place(s.aggSize)
	s.text = place(textTotal)
	if g.calls("index", "rindex", "strstr", "strtok", "cleanpath") {
		s.work = place(g.workSize())
	}
	if g.calls("strtok") {
		s.tokens = place(2 * g.strSize) // an offset and a size up to that, as the verifier adds them
	}
	s.scratchSize = g.scratch
	s.scratch = place(2 * s.scratchSize)
	s.strCount = min(max((mostSlot-at)/g.strSize-1, 1), mostStrings)
	s.strings = place((s.strCount + 1) * g.strSize) // one more, so that offsets into the last stay inside
	s.size = at
}

// calls reports whether any clause calls any of some subroutines.
func (g *Generator) calls(names ...string) bool {
	return slices.ContainsFunc(g.prog.Clauses, func(cl *ir.Clause) bool { return callsAny(cl, names...) })
}

// Point is what a program is attached to, as far as the code must know: how
// its arguments are reached.
type Point interface {
	// Arg loads argument n (64 bits) into R0; R6 is the context. It may use
	// stack below scratch.
	Arg(n int, scratch int16) (asm.Instructions, error)
	// Current reports whether the kernel's notion of the current task is the
	// probe's (it is not in sched:::on-cpu).
	Name() string
}

// code is one program being made.
type code struct {
	g       *Generator
	point   Point
	ins     asm.Instructions
	labels  int
	prefix  string            // of the labels of a function
	subs    []sub             // functions that are called
	pending []string          // labels of the next instruction
	alias   map[string]string // labels that share an instruction with another
	depth   int               // stack words in use
	temps   int               // temporary strings in use
	probe   *ir.Probe         // nil when it is no more than the point
	state   int32             // of the session, in which the program runs
	inError bool              // in a clause of the ERROR probe
	clause  *ClauseLayout
	fault   string // label for faults in the clause
	marked  bool   // a jump to the fault label exists
	faults  []int  // instructions that tell which fault it is
	err     error
	pos     lang.Pos
}

// Error is something that D allows and this generator cannot express.
type Error struct {
	Pos lang.Pos
	Msg string
}

func (e *Error) Error() string { return e.Msg }

func (c *code) fail(pos lang.Pos, format string, args ...any) {
	if c.err == nil {
		c.err = &Error{pos, fmt.Sprintf(format, args...)}
	}
}

// emit appends instructions; the first gets the labels that wait for one. An
// instruction can carry one label only, so further ones become aliases.
func (c *code) emit(ins ...asm.Instruction) {
	if len(ins) == 0 {
		return
	}
	if len(c.pending) > 0 {
		first := ins[0].Symbol()
		if first == "" {
			first, c.pending = c.pending[0], c.pending[1:]
			ins[0] = ins[0].WithSymbol(first)
		}
		for _, l := range c.pending {
			c.alias[l] = first
		}
		c.pending = nil
	}
	c.ins = append(c.ins, ins...)
}

func (c *code) label() string {
	c.labels++
	return fmt.Sprintf("%sl%d", c.prefix, c.labels)
}

// mark puts a label before the next instruction.
func (c *code) mark(label string) { c.pending = append(c.pending, label) }

func (c *code) jump(label string) { c.emit(asm.Ja.Label(label)) }

// stackWords bounds how many intermediate values may wait; the rest of the
// stack is for helpers' buffers.
const stackWords = 40

// push saves R0 and returns where.
func (c *code) push() int16 {
	c.depth++
	if c.depth > stackWords {
		c.fail(c.pos, "expression is too deeply nested for the kernel's stack")
	}
	off := int16(-8 * c.depth)
	c.emit(asm.StoreMem(asm.RFP, off, asm.R0, asm.DWord))
	return off
}

// pop restores the value pushed last into a register.
func (c *code) pop(r asm.Register) {
	c.emit(asm.LoadMem(r, asm.RFP, int16(-8*c.depth), asm.DWord))
	c.depth--
}

// buffer is a place on the stack for a helper's output of up to 64 bytes.
const buffer int16 = -8*stackWords - 96
