package gen

import (
	"math"

	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// index is index(s, sub [, from]) and rindex, in the manner of Perl: what is
// before the string counts as its beginning, what is behind it as its end.
func (c *code) index(x *ir.Call, last bool) {
	c.expr(x.Args[0])
	text := c.push()
	c.expr(x.Args[1])
	key := c.push()
	from := c.push()
	if len(x.Args) > 2 {
		c.expr(x.Args[2])
		c.emit(asm.StoreMem(asm.RFP, from, asm.R0, asm.DWord))
	}
	c.search(text, key)
	c.from(from, len(x.Args) > 2, last)
	c.loop("dt_match", 2*c.g.strSize, matchStep)
	c.depth -= 3
	c.getWork(asm.R0, workResult)
}

// search prepares to look for one string in another, with a table of how far
// each part of what is looked for repeats its beginning, so that no byte of the
// text is read twice.
func (c *code) search(text, key int16) {
	c.workString(text, c.g.workText(), workLen)
	c.workString(key, c.g.workKey(), workKeyLen)
	c.setWorkTo(workAt, 1)
	c.setWorkTo(workState, 0)
	c.emit(asm.StoreImm(asm.R7, int16(c.g.workTable()), 0, asm.Half))
	c.loop("dt_repeat", 2*c.g.strSize, repeatStep)
	c.setWorkTo(workAt, 0)
	c.setWorkTo(workState, 0)
	c.setWorkTo(workResult, -1)
	c.setWorkTo(workFirst, 1)
	c.setWorkTo(workLimit, math.MaxInt32)
}

// from says where a result may be. An empty string is found right there.
func (c *code) from(word int16, given, last bool) {
	low, high, some := c.label(), c.label(), c.label()
	c.getWork(asm.R2, workLen)
	switch {
	case given:
		c.emit(asm.LoadMem(asm.R0, asm.RFP, word, asm.DWord))
	case last:
		c.emit(asm.Mov.Reg(asm.R0, asm.R2))
	default:
		c.emit(asm.Mov.Imm(asm.R0, 0))
	}
	c.getWork(asm.R3, workKeyLen)
	c.emit(asm.JSGE.Imm(asm.R0, 0, low))
	c.emit(asm.Mov.Imm(asm.R0, 0))
	if last { // nothing but an empty string is before the beginning
		empty := c.label()
		c.emit(asm.JEq.Imm(asm.R3, 0, empty))
		c.setWorkTo(workLimit, -1)
		c.mark(empty)
	}
	c.mark(low)
	c.emit(asm.JSLE.Reg(asm.R0, asm.R2, high), asm.Mov.Reg(asm.R0, asm.R2))
	c.mark(high)
	end := c.label()
	c.emit(asm.JNE.Imm(asm.R3, 0, some))
	c.setWork(workResult, asm.R0)
	c.setWorkTo(workLen, 0)
	c.jump(end)
	c.mark(some)
	if !last {
		c.setWork(workAt, asm.R0)
		c.mark(end)
		return
	}
	c.setWorkTo(workFirst, 0)
	c.getWork(asm.R1, workLimit)
	c.emit(asm.JSLT.Imm(asm.R1, 0, end))
	c.setWork(workLimit, asm.R0)
	c.mark(end)
}

// strstr is the rest of a string from another one on.
func (c *code) strstr(x *ir.Call) {
	to := c.temp()
	c.expr(x.Args[0])
	text := c.push()
	c.expr(x.Args[1])
	key := c.push()
	c.search(text, key)
	c.from(key, false, false)
	c.loop("dt_match", 2*c.g.strSize, matchStep)
	c.depth -= 2
	some, end := c.label(), c.label()
	c.getWork(asm.R0, workResult)
	c.emit(asm.JSGE.Imm(asm.R0, 0, some), asm.Mov.Imm(asm.R0, 0))
	c.jump(end)
	c.mark(some)
	c.emit(asm.Mov.Imm(asm.R2, int32(c.g.strCap)))
	c.pieceTo(to, c.g.workText(), c.g.strCap)
	c.mark(end)
	c.keepOnly(to)
}

// repeatStep fills the table: for each byte of what is looked for, how many
// bytes that end there are also its beginning.
func repeatStep(c *code) {
	same, back := c.label(), c.label()
	c.positions(workKeyLen)
	c.char(asm.R3, c.g.workKey(), asm.R1)
	c.char(asm.R4, c.g.workKey(), asm.R2)
	c.emit(asm.JEq.Reg(asm.R3, asm.R4, same), asm.JNE.Imm(asm.R2, 0, back))
	c.tableEntry(asm.R1)
	c.emit(asm.StoreMem(asm.R4, 0, asm.R2, asm.Half), asm.Add.Imm(asm.R1, 1))
	c.setWork(workAt, asm.R1)
	c.next()
	c.mark(same)
	c.tableEntry(asm.R1)
	c.emit(asm.Add.Imm(asm.R2, 1), asm.StoreMem(asm.R4, 0, asm.R2, asm.Half), asm.Add.Imm(asm.R1, 1))
	c.setWork(workAt, asm.R1)
	c.setWork(workState, asm.R2)
	c.next()
	c.mark(back)
	c.fallBack()
}

// matchStep compares one byte, or goes back in what is looked for.
func matchStep(c *code) {
	same, back, forward := c.label(), c.label(), c.label()
	c.positions(workLen)
	c.char(asm.R3, c.g.workText(), asm.R1)
	c.char(asm.R4, c.g.workKey(), asm.R2)
	c.emit(asm.JEq.Reg(asm.R3, asm.R4, same), asm.JNE.Imm(asm.R2, 0, back))
	c.emit(asm.Add.Imm(asm.R1, 1))
	c.setWork(workAt, asm.R1)
	c.next()
	c.mark(same)
	c.emit(asm.Add.Imm(asm.R1, 1), asm.Add.Imm(asm.R2, 1))
	c.setWork(workAt, asm.R1)
	c.getWork(asm.R3, workKeyLen)
	c.emit(asm.JNE.Reg(asm.R2, asm.R3, forward))
	c.emit(asm.Sub.Reg(asm.R1, asm.R2))
	c.getWork(asm.R4, workLimit)
	c.emit(asm.JSGT.Reg(asm.R1, asm.R4, c.stopLabel()))
	c.setWork(workResult, asm.R1)
	c.getWork(asm.R4, workFirst)
	c.emit(asm.JNE.Imm(asm.R4, 0, c.stopLabel()))
	c.within(asm.R2)
	c.mark(back)
	c.fallBack()
	c.mark(forward)
	c.setWork(workState, asm.R2)
}

// positions loads where a step is, in the text and in what is looked for, and
// ends the loop behind the text.
func (c *code) positions(length int) {
	c.getWork(asm.R1, workAt)
	c.getWork(asm.R3, length)
	c.emit(asm.JGE.Reg(asm.R1, asm.R3, c.stopLabel()))
	c.within(asm.R1)
	c.getWork(asm.R2, workState)
	c.within(asm.R2)
}

// tableEntry leaves the address of a table's entry in R4.
func (c *code) tableEntry(index asm.Register) {
	c.emit(asm.Mov.Reg(asm.R4, index), asm.LSh.Imm(asm.R4, 1), asm.Add.Reg(asm.R4, asm.R7), asm.Add.Imm(asm.R4, int32(c.g.workTable())))
}

// fallBack goes on after the longest beginning that ends before R2.
func (c *code) fallBack() {
	c.emit(asm.Sub.Imm(asm.R2, 1))
	c.within(asm.R2)
	c.tableEntry(asm.R2)
	c.emit(asm.LoadMem(asm.R2, asm.R4, 0, asm.Half))
	c.setWork(workState, asm.R2)
	c.next()
}
