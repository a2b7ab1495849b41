package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// What strtok() goes on with lies in the slot as long as the probe fires: the
// string, and a word that is one more than where the rest begins, 0 when there
// is no string, and allTaken when nothing of it is left.
const allTaken = -1

func usesTokens(cl *ir.Clause) bool { return callsAny(cl, "strtok") }

// beginTokens forgets a string that an earlier clause has taken to its end.
func (c *code) beginTokens() {
	at := int16(c.g.slot.token)
	some := c.label()
	c.emit(asm.LoadMem(asm.R1, asm.R7, at, asm.DWord), asm.JNE.Imm(asm.R1, allTaken, some))
	c.storeImm(asm.R7, at, 0)
	c.mark(some)
}

// strtok is strtok(s, delimiters); NULL for s goes on with the one before.
func (c *code) strtok(x *ir.Call) {
	s := &c.g.slot
	to := c.temp()
	c.expr(x.Args[0])
	text := c.push()
	c.expr(x.Args[1])
	key := c.push()
	again, ready := c.label(), c.label()
	c.emit(asm.LoadMem(asm.R3, asm.RFP, text, asm.DWord), asm.JEq.Imm(asm.R3, 0, again))
	c.slotAddr(asm.R1, s.tokens)
	c.emit(asm.Mov.Imm(asm.R2, int32(c.g.strCap)), asm.FnProbeReadKernelStr.Call())
	c.faultIfNegative(text)
	c.storeImm(asm.R7, int16(s.token), 1)
	c.jump(ready)
	c.mark(again)
	c.emit(asm.LoadMem(asm.R1, asm.R7, int16(s.token), asm.DWord), asm.JNE.Imm(asm.R1, 0, ready))
	c.faultIfAlways(FaultBadAddr, text)
	c.mark(ready)
	c.workString(key, c.g.workKey(), workKeyLen)
	c.depth -= 2
	c.takeToken(to)
}

// takeToken finds the next part; its delimiters are a set of bits by then.
func (c *code) takeToken(to int) {
	s := &c.g.slot
	c.zero(asm.R7, c.g.workTable(), 32)
	c.setWorkTo(workAt, 0)
	c.loop("dt_delimiter", c.g.strCap, delimiterStep)
	none, end := c.label(), c.label()
	c.setWorkTo(workStart, -1)
	c.setWorkTo(workResult, -1)
	c.emit(asm.LoadMem(asm.R1, asm.R7, int16(s.token), asm.DWord), asm.JSLE.Imm(asm.R1, 0, none), asm.Sub.Imm(asm.R1, 1))
	c.setWork(workAt, asm.R1)
	c.storeImm(asm.R7, int16(s.token), allTaken)
	c.loop("dt_token", c.g.strCap, tokenStep)
	c.getWork(asm.R0, workStart)
	c.emit(asm.JSLT.Imm(asm.R0, 0, none))
	c.getWork(asm.R2, workResult)
	c.emit(asm.Sub.Reg(asm.R2, asm.R0))
	c.pieceTo(to, s.tokens, c.g.strCap)
	c.jump(end)
	c.mark(none)
	c.emit(asm.Mov.Imm(asm.R0, 0))
	c.mark(end)
	c.keepOnly(to)
}

// delimiterStep puts one delimiter into the set.
func delimiterStep(c *code) {
	c.getWork(asm.R1, workAt)
	c.getWork(asm.R3, workKeyLen)
	c.emit(asm.JGE.Reg(asm.R1, asm.R3, c.stopLabel()))
	c.within(asm.R1)
	c.char(asm.R2, c.g.workKey(), asm.R1)
	c.emit(asm.Add.Imm(asm.R1, 1))
	c.setWork(workAt, asm.R1)
	c.inSet()
	c.emit(asm.Or.Reg(asm.R5, asm.R3), asm.StoreMem(asm.R4, 0, asm.R5, asm.DWord))
}

// inSet leaves the address of the word of R2's bit in R4, the word in R5 and
// the bit in R3.
func (c *code) inSet() {
	c.emit(
		asm.Mov.Reg(asm.R4, asm.R2), asm.RSh.Imm(asm.R4, 6), asm.LSh.Imm(asm.R4, 3), asm.And.Imm(asm.R4, 24),
		asm.Add.Reg(asm.R4, asm.R7), asm.Add.Imm(asm.R4, int32(c.g.workTable())),
		asm.LoadMem(asm.R5, asm.R4, 0, asm.DWord),
		asm.Mov.Imm(asm.R3, 1), asm.And.Imm(asm.R2, 63), asm.LSh.Reg(asm.R3, asm.R2),
	)
}

// tokenStep looks at one byte: delimiters before a part are passed over, one
// behind it ends it.
func tokenStep(c *code) {
	ends, delimiter := c.label(), c.label()
	c.getWork(asm.R1, workAt)
	c.within(asm.R1)
	c.char(asm.R2, c.g.slot.tokens, asm.R1)
	c.emit(asm.JEq.Imm(asm.R2, 0, ends))
	c.inSet()
	c.emit(asm.And.Reg(asm.R5, asm.R3), asm.Mov.Reg(asm.R4, asm.R1), asm.Add.Imm(asm.R4, 1))
	c.setWork(workAt, asm.R4)
	c.getWork(asm.R3, workStart)
	c.emit(asm.JNE.Imm(asm.R5, 0, delimiter))
	inside := c.label()
	c.emit(asm.JSGE.Imm(asm.R3, 0, inside))
	c.setWork(workStart, asm.R1)
	c.mark(inside)
	c.next()
	c.mark(delimiter)
	before := c.label()
	c.emit(asm.JSLT.Imm(asm.R3, 0, before))
	c.setWork(workResult, asm.R1)
	c.emit(asm.StoreMem(asm.R7, int16(c.g.slot.token), asm.R4, asm.DWord)) // the rest begins with the delimiter
	c.jump(c.stopLabel())
	c.mark(before)
	c.next()
	c.mark(ends)
	c.setWork(workResult, asm.R1)
	c.jump(c.stopLabel())
}
