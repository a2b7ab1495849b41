package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// The loops here are unrolled. What they find goes through a word of the slot:
// read back from there it is unknown to the verifier, which then need not
// follow the rest of the program once for each place in the string.

// copied leaves a string in a temporary, and its length without the NUL in R0.
func (c *code) copied(x ir.Expr) int {
	at := c.temp()
	c.expr(x)
	word := c.push()
	c.readString(at, word)
	c.depth--
	c.keepOnly(at)
	c.emit(asm.Sub.Imm(asm.R0, 1))
	return at
}

// readString copies the string whose address is in a stack word; R0 is its
// length with the NUL.
func (c *code) readString(at int, word int16) {
	c.slotAddr(asm.R1, at)
	c.emit(
		asm.Mov.Imm(asm.R2, int32(c.g.strCap)),
		asm.LoadMem(asm.R3, asm.RFP, word, asm.DWord),
		asm.FnProbeReadKernelStr.Call(),
	)
	c.faultIfNegative(word)
}

// copyPiece copies from offset R0 of a place of size bytes, at most R2 bytes
// with the NUL, to the temporary at to, whose address is the result.
func (c *code) copyPiece(to, from, size int) {
	end, empty := c.label(), c.label()
	most := int32(c.g.strCap)
	fits := c.label()
	c.emit(
		asm.JSLT.Imm(asm.R0, 0, empty), asm.JSGE.Imm(asm.R0, int32(size), empty),
		asm.JSLE.Imm(asm.R2, 0, empty), asm.JSLE.Imm(asm.R2, most, fits),
		asm.Mov.Imm(asm.R2, most),
	)
	c.mark(fits)
	c.slotAddr(asm.R3, from)
	c.emit(asm.Add.Reg(asm.R3, asm.R0))
	c.slotAddr(asm.R1, to)
	c.emit(asm.FnProbeReadKernelStr.Call())
	c.jump(end)
	c.mark(empty)
	c.emit(asm.Mov.Imm(asm.R1, 0), asm.StoreMem(asm.R7, int16(to), asm.R1, asm.Byte))
	c.mark(end)
	c.slotAddr(asm.R0, to)
}

// keep stores a register where the verifier forgets it; kept reads it back.
func (c *code) keep(n int, r asm.Register) {
	c.emit(asm.StoreMem(asm.R7, int16(c.g.slot.fault+8*n), r, asm.DWord))
}

func (c *code) kept(n int, r asm.Register) {
	c.emit(asm.LoadMem(r, asm.R7, int16(c.g.slot.fault+8*n), asm.DWord))
}

func (c *code) strjoin(x *ir.Call) {
	at := c.temp()
	c.expr(x.Args[0])
	a := c.push()
	c.expr(x.Args[1])
	b := c.push()
	c.readString(at, a)
	c.emit(asm.Sub.Imm(asm.R0, 1), asm.And.Imm(asm.R0, 0xffff))
	full := c.label()
	c.emit(
		asm.JGE.Imm(asm.R0, int32(c.g.strCap), full),
		asm.Mov.Imm(asm.R2, int32(c.g.strCap)),
		asm.Sub.Reg(asm.R2, asm.R0),
	)
	c.slotAddr(asm.R1, at)
	c.emit(
		asm.Add.Reg(asm.R1, asm.R0),
		asm.LoadMem(asm.R3, asm.RFP, b, asm.DWord),
		asm.FnProbeReadKernelStr.Call(),
	)
	c.mark(full)
	c.depth -= 2
	c.slotAddr(asm.R0, at)
	c.keepOnly(at)
}

// substr is substr(s, index [, length]); what is negative counts from the end.
func (c *code) substr(x *ir.Call) {
	to := c.temp()
	c.expr(x.Args[1])
	index := c.push()
	if len(x.Args) > 2 {
		c.expr(x.Args[2])
	} else {
		c.emit(asm.Mov.Imm(asm.R0, int32(c.g.strCap)))
	}
	length := c.push()
	at := c.copied(x.Args[0])
	c.emit(
		asm.Mov.Reg(asm.R4, asm.R0),
		asm.LoadMem(asm.R0, asm.RFP, index, asm.DWord),
		asm.LoadMem(asm.R2, asm.RFP, length, asm.DWord),
	)
	inside, positive, end := c.label(), c.label(), c.label()
	c.emit(
		asm.JSGE.Imm(asm.R0, 0, inside),
		asm.Add.Reg(asm.R0, asm.R4),
		asm.JSGE.Imm(asm.R0, 0, inside),
		asm.JSLT.Imm(asm.R2, 0, inside),
		asm.Add.Reg(asm.R2, asm.R0), // what is before the beginning is lost
		asm.Mov.Imm(asm.R0, 0),
		asm.JSGE.Imm(asm.R2, 0, inside),
		asm.Mov.Imm(asm.R2, 0),
	)
	c.mark(inside)
	c.emit(
		asm.JSGE.Imm(asm.R2, 0, positive),
		asm.Add.Reg(asm.R2, asm.R4), asm.Sub.Reg(asm.R2, asm.R0),
	)
	c.mark(positive)
	c.emit(asm.JSGE.Imm(asm.R2, int32(c.g.strCap), end), asm.Add.Imm(asm.R2, 1))
	c.mark(end)
	c.keep(0, asm.R0)
	c.keep(1, asm.R2)
	c.kept(0, asm.R0)
	c.kept(1, asm.R2)
	c.copyPiece(to, at, c.g.strCap)
	c.keepOnly(to)
	c.depth -= 2
}

// find is strchr or strrchr: the rest of the string from a character on.
func (c *code) findChar(x *ir.Call, last bool) {
	to := c.temp()
	c.expr(x.Args[1])
	char := c.push()
	at := c.copied(x.Args[0])
	end := c.label()
	c.emit(
		asm.LoadMem(asm.R2, asm.RFP, char, asm.DWord),
		asm.And.Imm(asm.R2, 0xff),
		asm.Mov.Imm(asm.R0, -1),
	)
	for i := range c.g.strCap {
		next := c.label()
		c.emit(
			asm.LoadMem(asm.R1, asm.R7, int16(at+i), asm.Byte),
			asm.JNE.Reg(asm.R1, asm.R2, next),
			asm.Mov.Imm(asm.R0, int32(i)),
		)
		if !last {
			c.jump(end)
		}
		c.mark(next)
		c.emit(asm.JEq.Imm(asm.R1, 0, end))
	}
	c.mark(end)
	c.keep(0, asm.R0)
	c.kept(0, asm.R0)
	c.foundPiece(to, at)
	c.keepOnly(to)
	c.depth--
}

// foundPiece is the string from offset R0 of the place at on, or NULL when that
// is negative.
func (c *code) foundPiece(to, at int) {
	some, end := c.label(), c.label()
	c.emit(asm.JSGE.Imm(asm.R0, 0, some), asm.Mov.Imm(asm.R0, 0))
	c.jump(end)
	c.mark(some)
	c.emit(asm.Mov.Imm(asm.R2, int32(c.g.strCap)))
	c.copyPiece(to, at, c.g.strCap)
	c.mark(end)
}

// changeCase is toupper and tolower.
func (c *code) changeCase(x *ir.Call, first int32) {
	at := c.copied(x.Args[0])
	for i := range c.g.strCap {
		next := c.label()
		c.emit(
			asm.LoadMem(asm.R1, asm.R7, int16(at+i), asm.Byte),
			asm.Mov.Reg(asm.R2, asm.R1),
			asm.Sub.Imm(asm.R2, first),
			asm.JGT.Imm(asm.R2, 25, next),
			asm.Xor.Imm(asm.R1, 0x20),
			asm.StoreMem(asm.R7, int16(at+i), asm.R1, asm.Byte),
		)
		c.mark(next)
	}
	c.slotAddr(asm.R0, at)
}

// pathPart is basename and dirname. The loop leaves where the last component
// begins (R0) and ends (R2), and where the one before it ends (R4).
func (c *code) pathPart(x *ir.Call, dir bool) {
	to := c.temp()
	at := c.copied(x.Args[0])
	end := c.label()
	c.emit(asm.Mov.Imm(asm.R0, 0), asm.Mov.Imm(asm.R2, 0), asm.Mov.Imm(asm.R4, 0), asm.Mov.Imm(asm.R3, 1))
	for i := range c.g.strCap {
		name, same, next := c.label(), c.label(), c.label()
		c.emit(
			asm.LoadMem(asm.R1, asm.R7, int16(at+i), asm.Byte),
			asm.JEq.Imm(asm.R1, 0, end),
			asm.JNE.Imm(asm.R1, '/', name),
			asm.Mov.Imm(asm.R3, 1),
		)
		c.jump(next)
		c.mark(name)
		c.emit(
			asm.JEq.Imm(asm.R3, 0, same),
			asm.Mov.Imm(asm.R0, int32(i)),
			asm.Mov.Reg(asm.R4, asm.R2),
			asm.Mov.Imm(asm.R3, 0),
		)
		c.mark(same)
		c.emit(asm.Mov.Imm(asm.R2, int32(i+1)))
		c.mark(next)
	}
	c.mark(end)
	if dir {
		c.emit(asm.Mov.Imm(asm.R0, 0), asm.Mov.Reg(asm.R2, asm.R4))
	} else {
		c.emit(asm.Sub.Reg(asm.R2, asm.R0))
	}
	c.keep(0, asm.R0)
	c.keep(1, asm.R2)
	c.kept(0, asm.R0)
	c.kept(1, asm.R2)
	c.onlySlashes(at)
	c.emit(asm.Add.Imm(asm.R2, 1))
	c.copyPiece(to, at, c.g.strCap)
	c.keepOnly(to)
}

// onlySlashes makes an empty part the root for what begins with a slash, and
// the current directory for the rest.
func (c *code) onlySlashes(at int) {
	some, root := c.label(), c.label()
	c.emit(
		asm.JNE.Imm(asm.R2, 0, some),
		asm.Mov.Imm(asm.R0, 0), asm.Mov.Imm(asm.R2, 1),
		asm.LoadMem(asm.R1, asm.R7, int16(at), asm.Byte),
		asm.JEq.Imm(asm.R1, '/', root),
		asm.Mov.Imm(asm.R1, '.'),
		asm.StoreMem(asm.R7, int16(at), asm.R1, asm.Byte),
	)
	c.mark(root)
	c.mark(some)
}

// maxDigits is room for a number of 64 digits, its sign and NUL.
const maxDigits = 72

// lltostr writes a number's digits from the right.
func (c *code) lltostr(x *ir.Call) {
	base := int64(10)
	if len(x.Args) > 1 {
		k, ok := x.Args[1].(*ir.Const)
		if !ok || k.V < 2 || k.V > 36 {
			c.fail(x.Pos, "lltostr( ) needs a constant base from 2 to 36")
			return
		}
		base = k.V
	}
	c.expr(x.Args[0])
	at, digits := c.g.slot.digits, maxDigits
	plus, end := c.label(), c.label()
	c.emit(asm.Mov.Imm(asm.R5, 0))
	if base == 10 {
		c.emit(asm.JSGE.Imm(asm.R0, 0, plus), asm.Neg.Imm(asm.R0, 0), asm.Mov.Imm(asm.R5, 1))
		c.mark(plus)
	}
	c.emit(asm.Mov.Imm(asm.R1, 0), asm.StoreMem(asm.R7, int16(at+digits-1), asm.R1, asm.Byte))
	for i := digits - 2; i > digits-2-64; i-- {
		small := c.label()
		c.emit(
			asm.Mov.Reg(asm.R1, asm.R0), asm.Mod.Imm(asm.R1, int32(base)), asm.Div.Imm(asm.R0, int32(base)),
			asm.JLT.Imm(asm.R1, 10, small),
			asm.Add.Imm(asm.R1, 'a'-'0'-10),
		)
		c.mark(small)
		c.emit(
			asm.Add.Imm(asm.R1, '0'),
			asm.StoreMem(asm.R7, int16(at+i), asm.R1, asm.Byte),
			asm.Mov.Imm(asm.R2, int32(i)),
			asm.JEq.Imm(asm.R0, 0, end),
		)
	}
	c.mark(end)
	c.sign(at)
}

// sign puts a minus before the digits that begin at R2 when R5 is set.
func (c *code) sign(at int) {
	c.keep(0, asm.R2)
	c.kept(0, asm.R0)
	done := c.label()
	c.emit(
		asm.JEq.Imm(asm.R5, 0, done),
		asm.Sub.Imm(asm.R0, 1),
		asm.And.Imm(asm.R0, 127),
	)
	c.slotAddr(asm.R1, at)
	c.emit(
		asm.Add.Reg(asm.R1, asm.R0),
		asm.Mov.Imm(asm.R2, '-'),
		asm.StoreMem(asm.R1, 0, asm.R2, asm.Byte),
	)
	c.mark(done)
	c.emit(asm.Mov.Imm(asm.R2, int32(c.g.strCap)))
	c.copyPiece(c.temp(), at, maxDigits)
}

// strtoll reads blanks, a sign and digits of a constant base.
func (c *code) strtoll(x *ir.Call) {
	base := int64(10)
	if len(x.Args) > 1 {
		k, ok := x.Args[1].(*ir.Const)
		if !ok || k.V < 2 || k.V > 36 {
			c.fail(x.Pos, "strtoll( ) needs a constant base from 2 to 36")
			return
		}
		base = k.V
	}
	at := c.copied(x.Args[0])
	end, plus := c.label(), c.label()
	// R0 is the number, R3 its sign, R4 whether blanks may still come.
	c.emit(asm.Mov.Imm(asm.R0, 0), asm.Mov.Imm(asm.R3, 0), asm.Mov.Imm(asm.R4, 1))
	for i := range min(c.g.strCap, 72) {
		digit, number, next := c.label(), c.label(), c.label()
		c.emit(
			asm.LoadMem(asm.R1, asm.R7, int16(at+i), asm.Byte),
			asm.JEq.Imm(asm.R4, 0, digit),
			asm.JEq.Imm(asm.R1, ' ', next),
			asm.JEq.Imm(asm.R1, '\t', next),
			asm.JEq.Imm(asm.R1, '\n', next),
			asm.Mov.Imm(asm.R4, 0),
			asm.JEq.Imm(asm.R1, '+', next),
			asm.JNE.Imm(asm.R1, '-', digit),
			asm.Mov.Imm(asm.R3, 1),
		)
		c.jump(next)
		c.mark(digit)
		c.emit(
			asm.Sub.Imm(asm.R1, '0'),
			asm.JLT.Imm(asm.R1, 10, number),
			asm.Add.Imm(asm.R1, '0'),
			asm.Or.Imm(asm.R1, 0x20),
			asm.JLT.Imm(asm.R1, 'a', end),
			asm.JGT.Imm(asm.R1, 'z', end),
			asm.Sub.Imm(asm.R1, 'a'-10),
		)
		c.mark(number)
		c.emit(
			asm.JGE.Imm(asm.R1, int32(base), end),
			asm.Mul.Imm(asm.R0, int32(base)),
			asm.Add.Reg(asm.R0, asm.R1),
		)
		c.mark(next)
	}
	c.mark(end)
	c.emit(asm.JEq.Imm(asm.R3, 0, plus), asm.Neg.Imm(asm.R0, 0))
	c.mark(plus)
	c.keep(0, asm.R0)
	c.kept(0, asm.R0)
}
