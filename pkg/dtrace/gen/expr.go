package gen

import (
	"math"

	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// expr computes a value into R0: an integer or pointer, extended to 64 bits by
// its type, or the address of a string, struct or array.
func (c *code) expr(x ir.Expr) {
	switch x := x.(type) {
	case *ir.Const:
		c.constant(asm.R0, x.V)
	case *ir.Str:
		c.emit(asm.LoadMapValue(asm.R0, 0, uint32(c.g.str(x.S))).WithReference(MapStrings))
	case *ir.VarRef:
		c.variable(x)
	case *ir.Builtin:
		c.builtin(x)
	case *ir.Unary:
		c.unary(x)
	case *ir.Binary:
		c.binary(x)
	case *ir.Compare, *ir.Logic:
		c.truth(x)
	case *ir.Cond:
		c.cond(x)
	case *ir.Convert:
		c.expr(x.X)
		c.number(x.X)
		if x.T.IsInt() {
			c.extend(x.T)
		}
	case *ir.ToString:
		c.toString(x)
	case *ir.Load:
		c.load(x)
	case *ir.Addr:
		c.address(x.X.(*ir.Load))
		c.scalarize()
	case *ir.Assign:
		c.assign(x)
	case *ir.Step:
		c.step(x)
	case *ir.Comma:
		c.expr(x.X)
		c.expr(x.Y)
	case *ir.Call:
		c.call(x)
	default:
		c.fail(c.pos, "this expression (%T) is not supported here", x)
	}
}

func (c *code) constant(r asm.Register, v int64) {
	if v >= math.MinInt32 && v <= math.MaxInt32 {
		c.emit(asm.Mov.Imm(r, int32(v)))
		return
	}
	c.emit(asm.LoadImm(r, v, asm.DWord))
}

// extend makes R0 hold a value of an integer type in 64 bits.
func (c *code) extend(t *ctype.Type) {
	const r = asm.R0
	b := t.Base()
	shift := int32(64 - 8*b.Size)
	if shift <= 0 || shift == 64 {
		return
	}
	down := asm.RSh
	if b.Signed || b.Kind == ctype.Enum {
		down = asm.ArSh
	}
	if shift == 32 && down == asm.RSh {
		c.emit(asm.Mov.Reg32(r, r))
		return
	}
	c.emit(asm.LSh.Imm(r, shift), down.Imm(r, shift))
}

func (c *code) unary(x *ir.Unary) {
	if x.Op == "!" {
		c.truth(x)
		return
	}
	c.expr(x.X)
	if x.Op == "~" {
		c.emit(asm.Xor.Imm(asm.R0, -1))
	} else {
		c.emit(asm.Neg.Imm(asm.R0, 0))
	}
	c.extend(x.T)
}

// operands leaves the left side in R0 and the right one in R1.
func (c *code) operands(a, b ir.Expr) {
	if k, ok := b.(*ir.Const); ok {
		c.expr(a)
		c.number(a)
		c.constant(asm.R1, k.V)
		return
	}
	c.expr(a)
	c.number(a)
	c.push()
	c.expr(b)
	c.number(b)
	c.emit(asm.Mov.Reg(asm.R1, asm.R0))
	c.pop(asm.R0)
}

// number makes the address of an array or string a number to compute with.
func (c *code) number(x ir.Expr) {
	if !isWord(x.Type()) {
		c.scalarize()
	}
}

func (c *code) binary(x *ir.Binary) {
	c.operands(x.X, x.Y)
	signed := x.T.Base().Signed
	switch x.Op {
	case "+":
		c.emit(asm.Add.Reg(asm.R0, asm.R1))
	case "-":
		c.emit(asm.Sub.Reg(asm.R0, asm.R1))
	case "*":
		c.emit(asm.Mul.Reg(asm.R0, asm.R1))
	case "/", "%":
		c.divide(x, signed)
		return
	case "&":
		c.emit(asm.And.Reg(asm.R0, asm.R1))
	case "|":
		c.emit(asm.Or.Reg(asm.R0, asm.R1))
	case "^":
		c.emit(asm.Xor.Reg(asm.R0, asm.R1))
	case "<<":
		c.emit(asm.And.Imm(asm.R1, 63), asm.LSh.Reg(asm.R0, asm.R1))
	case ">>":
		op := asm.RSh
		if signed {
			op = asm.ArSh
		}
		c.emit(asm.And.Imm(asm.R1, 63), op.Reg(asm.R0, asm.R1))
	default:
		c.fail(x.Pos, "operator %s is not supported here", x.Op)
	}
	if x.T.IsInt() {
		c.extend(x.T)
	}
}

// divide computes R0 / R1 or R0 % R1. eBPF divides without sign and yields 0
// for a division by zero; D truncates towards zero and faults.
func (c *code) divide(x *ir.Binary, signed bool) {
	op := asm.Div
	if x.Op == "%" {
		op = asm.Mod
	}
	if _, isConst := x.Y.(*ir.Const); !isConst {
		c.depth++
		word := int16(-8 * c.depth)
		ok := c.label()
		c.emit(
			asm.StoreMem(asm.RFP, word, asm.R0, asm.DWord),
			asm.JNE.Imm(asm.R1, 0, ok),
			asm.Mov.Imm(asm.R0, 1),
			asm.StoreMem(asm.RFP, word, asm.R1, asm.DWord),
		)
		c.faultIf(FaultDivZero, word)
		c.mark(ok)
		c.emit(asm.LoadMem(asm.R0, asm.RFP, word, asm.DWord))
		c.depth--
	}
	if !signed {
		c.emit(op.Reg(asm.R0, asm.R1))
		return
	}
	c.signedDivide(x.Op, op)
	c.extend(x.T)
}

func (c *code) signedDivide(name string, op asm.ALUOp) {
	a, b := c.label(), c.label()
	plus := c.label()
	// R2 is the sign of the result: of the quotient both, of the rest the
	// dividend's.
	c.emit(asm.Mov.Reg(asm.R2, asm.R0))
	if name == "/" {
		c.emit(asm.Xor.Reg(asm.R2, asm.R1))
	}
	c.emit(asm.JSGE.Imm(asm.R0, 0, a), asm.Neg.Imm(asm.R0, 0))
	c.mark(a)
	c.emit(asm.JSGE.Imm(asm.R1, 0, b), asm.Neg.Imm(asm.R1, 0))
	c.mark(b)
	c.emit(op.Reg(asm.R0, asm.R1), asm.JSGE.Imm(asm.R2, 0, plus), asm.Neg.Imm(asm.R0, 0))
	c.mark(plus)
}

// truth computes 0 or 1.
func (c *code) truth(x ir.Expr) {
	no, end := c.label(), c.label()
	c.branchUnless(x, no)
	c.emit(asm.Mov.Imm(asm.R0, 1))
	c.jump(end)
	c.mark(no)
	c.emit(asm.Mov.Imm(asm.R0, 0))
	c.mark(end)
}

// branchUnless jumps when a condition does not hold.
func (c *code) branchUnless(x ir.Expr, label string) {
	switch x := x.(type) {
	case *ir.Logic:
		c.logic(x, label)
		return
	case *ir.Compare:
		c.compare(x, label)
		return
	case *ir.Unary:
		if x.Op == "!" {
			yes := c.label()
			c.branchUnless(x.X, yes)
			c.jump(label)
			c.mark(yes)
			return
		}
	}
	c.expr(x)
	c.emit(asm.JEq.Imm(asm.R0, 0, label))
}

func (c *code) logic(x *ir.Logic, label string) {
	switch x.Op {
	case "&&":
		c.branchUnless(x.X, label)
		c.branchUnless(x.Y, label)
	case "||":
		other, yes := c.label(), c.label()
		c.branchUnless(x.X, other)
		c.jump(yes)
		c.mark(other)
		c.branchUnless(x.Y, label)
		c.mark(yes)
	default:
		c.truth(x.X)
		c.push()
		c.truth(x.Y)
		c.pop(asm.R1)
		c.emit(asm.JEq.Reg(asm.R0, asm.R1, label))
	}
}

// negated are the jumps taken when a comparison does not hold, unsigned and
// signed.
var negated = map[string][2]asm.JumpOp{
	"==": {asm.JNE, asm.JNE}, "!=": {asm.JEq, asm.JEq},
	"<": {asm.JGE, asm.JSGE}, "<=": {asm.JGT, asm.JSGT},
	">": {asm.JLE, asm.JSLE}, ">=": {asm.JLT, asm.JSLT},
}

func (c *code) compare(x *ir.Compare, label string) {
	if name, ok := zoneCompare(x); ok {
		c.compareZone(x, name, label)
		return
	}
	jumps := negated[x.Op]
	if x.X.Type().IsString() {
		c.compareStrings(x)
		c.emit(jumps[1].Imm(asm.R0, 0, label))
		return
	}
	jump := jumps[0]
	if x.X.Type().Base().Signed {
		jump = jumps[1]
	}
	c.operands(x.X, x.Y)
	c.emit(jump.Reg(asm.R0, asm.R1, label))
}

func (c *code) cond(x *ir.Cond) {
	settle := func() {}
	if x.T.IsString() {
		at := c.temp()
		settle = func() {
			c.settle(at)
			c.keepOnly(at)
		}
	}
	other, end := c.label(), c.label()
	c.branchUnless(x.If, other)
	c.expr(x.Then)
	settle()
	c.jump(end)
	c.mark(other)
	c.expr(x.Else)
	settle()
	c.mark(end)
}

// settle copies a string branch of ?: to a place of its own, so that the
// verifier sees one kind of pointer whichever branch was taken.
func (c *code) settle(at int) {
	c.push()
	c.slotAddr(asm.R1, at)
	null := c.label()
	c.emit(asm.JEq.Imm(asm.R0, 0, null), asm.Mov.Imm(asm.R2, int32(c.g.strCap)))
	c.pop(asm.R3)
	c.emit(asm.FnProbeReadKernelStr.Call())
	c.slotAddr(asm.R0, at)
	c.mark(null)
}

// temp reserves a temporary string until the statement ends.
func (c *code) temp() int {
	at := c.tempAt(c.temps)
	c.temps++
	return at
}

// keepOnly gives back the temporaries behind the one at to.
func (c *code) keepOnly(to int) { c.temps = (to-c.g.slot.strings)/c.g.strSize + 1 }

func (c *code) tempAt(n int) int {
	if n >= c.g.slot.strCount {
		c.fail(c.pos, "statement needs more than %d strings at a time", c.g.slot.strCount)
		n = 0
	}
	return c.g.slot.strings + n*c.g.strSize
}

// slotAddr leaves the address of a place in the slot in a register.
func (c *code) slotAddr(r asm.Register, off int) {
	c.emit(asm.Mov.Reg(r, asm.R7), asm.Add.Imm(r, int32(off)))
}

// toString reads a NUL-terminated string into a temporary.
func (c *code) toString(x *ir.ToString) {
	c.expr(x.X)
	at := c.temp()
	word := c.push()
	size := c.g.strCap
	if x.Max > 0 && x.Max+1 < size {
		size = x.Max + 1
	}
	c.slotAddr(asm.R1, at)
	c.emit(asm.Mov.Imm(asm.R2, int32(size)), asm.LoadMem(asm.R3, asm.RFP, word, asm.DWord))
	if x.Space == ir.User {
		c.emit(asm.FnProbeReadUserStr.Call())
	} else {
		c.emit(asm.FnProbeReadKernelStr.Call())
	}
	c.faultIfNegative(word)
	c.depth--
	c.slotAddr(asm.R0, at)
}

// faultIfNegative leaves the clause when a helper could not read from the
// address in a stack word.
func (c *code) faultIfNegative(word int16) {
	ok := c.label()
	c.emit(asm.JSGE.Imm(asm.R0, 0, ok))
	c.faultIfAlways(FaultBadAddr, word)
	c.mark(ok)
}

// load reads memory that may not be there.
func (c *code) load(x *ir.Load) {
	if k := x.T.Base().Kind; k == ctype.Struct || k == ctype.Union || k == ctype.Array || k == ctype.Func || k == ctype.Str {
		c.address(x)
		return
	}
	if x.Space == ir.Own && c.loadOwn(x) {
		return
	}
	c.address(x)
	word := c.push()
	size := x.Width()
	if x.Space == ir.Own && x.Addr.Type().Base().Alloca {
		c.ownAddress(word, size)
	}
	if x.T.IsString() {
		size = c.g.strSize
	}
	c.emit(asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, int32(buffer)))
	c.emit(asm.Mov.Imm(asm.R2, int32(size)), asm.LoadMem(asm.R3, asm.RFP, word, asm.DWord))
	if x.Space == ir.User {
		c.emit(asm.FnProbeReadUser.Call())
	} else {
		c.emit(asm.FnProbeReadKernel.Call())
	}
	c.faultIf(FaultBadAddr, word)
	c.depth--
	c.emit(asm.LoadMem(asm.R0, asm.RFP, buffer, sizeOf(size)))
	c.unpack(x)
}

// unpack makes what was loaded into R0 a value of its type.
func (c *code) unpack(x *ir.Load) {
	switch {
	case x.Bits > 0:
		left := int32(64 - x.Shift - x.Bits)
		down := asm.RSh
		if x.T.Base().Signed {
			down = asm.ArSh
		}
		c.emit(asm.LSh.Imm(asm.R0, left), down.Imm(asm.R0, int32(64-x.Bits)))
	case x.T.IsInt():
		c.extend(x.T)
	}
}

func sizeOf(n int) asm.Size {
	switch n {
	case 1:
		return asm.Byte
	case 2:
		return asm.Half
	case 4:
		return asm.Word
	}
	return asm.DWord
}

func (c *code) address(x *ir.Load) {
	if p, ok := inVariable(x.Addr); ok && x.Space == ir.Own {
		p.off += x.Off
		c.varAddress(p, 0, false)
		return
	}
	c.expr(x.Addr)
	if x.Off != 0 {
		c.emit(asm.Add.Imm(asm.R0, int32(x.Off)))
	}
}
