package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// What cleanStep does next.
const (
	cleanCopy = iota // copies a byte, or settles a part at its end
	cleanBack        // takes back a byte of the part before ".."
)

// cleanpath is a path without needless parts: //, /./ and /x/../. Each part
// that stays is written with its slash; the last one's is taken off.
func (c *code) cleanpath(x *ir.Call) {
	to := c.temp()
	c.expr(x.Args[0])
	word := c.push()
	c.workString(word, c.g.workText(), workLen)
	c.depth--
	for _, w := range []int{workAt, workState, workOut, workStart, workBase} {
		c.setWorkTo(w, 0)
	}
	relative, done, some, end := c.label(), c.label(), c.label(), c.label()
	c.emit(asm.LoadMem(asm.R2, asm.R7, int16(c.g.workText()), asm.Byte), asm.JNE.Imm(asm.R2, '/', relative))
	c.emit(asm.StoreMem(asm.R7, int16(c.g.workKey()), asm.R2, asm.Byte))
	for _, w := range []int{workOut, workStart, workBase} {
		c.setWorkTo(w, 1)
	}
	c.mark(relative)
	c.loop("dt_clean", 3*c.g.strSize, cleanStep)
	c.getWork(asm.R2, workOut)
	c.emit(asm.JGT.Imm(asm.R2, 1, some), asm.JEq.Imm(asm.R2, 1, done))
	// Nothing is left: where we are, unless there was nothing.
	c.getWork(asm.R1, workLen)
	c.emit(asm.JEq.Imm(asm.R1, 0, done), asm.Mov.Imm(asm.R1, '.'), asm.StoreMem(asm.R7, int16(c.g.workKey()), asm.R1, asm.Byte), asm.Mov.Imm(asm.R2, 1))
	c.jump(done)
	c.mark(some)
	c.emit(asm.Sub.Imm(asm.R2, 1))
	c.mark(done)
	c.mark(end)
	c.emit(asm.Mov.Imm(asm.R0, 0))
	c.pieceTo(to, c.g.workKey(), c.g.strCap)
	c.keepOnly(to)
}

func cleanStep(c *code) {
	back, partEnds := c.label(), c.label()
	c.getWork(asm.R0, workState)
	c.getWork(asm.R1, workAt)
	c.within(asm.R1)
	c.getWork(asm.R2, workOut)
	c.within(asm.R2)
	c.emit(asm.JEq.Imm(asm.R0, cleanBack, back))
	c.char(asm.R3, c.g.workText(), asm.R1)
	c.emit(asm.JEq.Imm(asm.R3, '/', partEnds), asm.JEq.Imm(asm.R3, 0, partEnds))
	c.emit(asm.Mov.Reg(asm.R4, asm.R2))
	c.storeChar(c.g.workKey(), asm.R4, asm.R3)
	c.emit(asm.Add.Imm(asm.R2, 1), asm.Add.Imm(asm.R1, 1))
	c.setWork(workOut, asm.R2)
	c.setWork(workAt, asm.R1)
	c.next()
	c.mark(partEnds)
	c.settlePart()
	c.mark(back)
	c.takeBack()
}

// settlePart decides what becomes of the part that ends at R2; R3 is what
// follows it, a slash or the end.
func (c *code) settlePart() {
	key := c.g.workKey()
	empty, stay, keep, last := c.label(), c.label(), c.label(), c.label()
	c.getWork(asm.R5, workStart)
	c.within(asm.R5)
	c.emit(asm.Mov.Reg(asm.R4, asm.R2), asm.Sub.Reg(asm.R4, asm.R5), asm.JEq.Imm(asm.R4, 0, empty), asm.JGT.Imm(asm.R4, 2, stay))
	c.char(asm.R0, key, asm.R5)
	c.emit(asm.JNE.Imm(asm.R0, '.', stay), asm.JEq.Imm(asm.R4, 1, keep))
	c.slotAddr(asm.R0, key)
	c.emit(asm.Add.Reg(asm.R0, asm.R5), asm.LoadMem(asm.R0, asm.R0, 1, asm.Byte), asm.JNE.Imm(asm.R0, '.', stay))
	// "..": the part before it goes, or there is none to go.
	c.getWork(asm.R4, workBase)
	none := c.label()
	c.emit(asm.JLE.Reg(asm.R5, asm.R4, none), asm.Sub.Imm(asm.R5, 1))
	c.setWork(workOut, asm.R5)
	c.setWorkTo(workState, cleanBack)
	c.jump(empty)
	c.mark(none)
	c.emit(asm.LoadMem(asm.R0, asm.R7, int16(c.g.workText()), asm.Byte), asm.JEq.Imm(asm.R0, '/', keep))
	c.emit(asm.Mov.Reg(asm.R4, asm.R2), asm.Add.Imm(asm.R4, 1))
	c.setWork(workBase, asm.R4)
	c.mark(stay)
	c.emit(asm.Mov.Reg(asm.R4, asm.R2), asm.Mov.Imm(asm.R0, '/'))
	c.storeChar(key, asm.R4, asm.R0)
	c.emit(asm.Add.Imm(asm.R2, 1))
	c.setWork(workOut, asm.R2)
	c.setWork(workStart, asm.R2)
	c.jump(empty)
	c.mark(keep) // "." and ".." at the root: as if it were not there
	c.setWork(workOut, asm.R5)
	c.mark(empty)
	c.emit(asm.JEq.Imm(asm.R3, 0, last), asm.Add.Imm(asm.R1, 1))
	c.emit(asm.StoreMem(asm.R7, int16(c.g.slot.work+workAt), asm.R1, asm.DWord))
	c.next()
	c.mark(last) // the end: done, unless something is to be taken back yet
	c.getWork(asm.R0, workState)
	c.emit(asm.JNE.Imm(asm.R0, cleanBack, c.stopLabel()))
	c.next()
}

// takeBack takes one byte off what is written, until a slash or the base.
func (c *code) takeBack() {
	done := c.label()
	c.getWork(asm.R4, workBase)
	c.emit(asm.JLE.Reg(asm.R2, asm.R4, done), asm.Mov.Reg(asm.R3, asm.R2), asm.Sub.Imm(asm.R3, 1))
	c.within(asm.R3)
	c.char(asm.R0, c.g.workKey(), asm.R3)
	c.emit(asm.JEq.Imm(asm.R0, '/', done))
	c.setWork(workOut, asm.R3)
	c.next()
	c.mark(done)
	c.setWork(workStart, asm.R2)
	c.setWorkTo(workState, cleanCopy)
}
