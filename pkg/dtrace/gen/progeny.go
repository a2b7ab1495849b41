package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// generations bounds how far progenyof() follows parents.
const generations = 128

// progenyOf is progenyof(pid), of the arguments that the checker adds: the
// process, and where it has its parent and its id.
func (c *code) progenyOf(x *ir.Call) {
	parent, id := int32(x.Args[2].(*ir.Const).V), int32(x.Args[3].(*ir.Const).V)
	c.expr(x.Args[0])
	pid := c.push()
	c.expr(x.Args[1])
	c.emit(
		asm.StoreMem(asm.R7, int16(c.g.slot.fault), asm.R0, asm.DWord),
		asm.LoadMem(asm.R1, asm.RFP, pid, asm.DWord), asm.StoreMem(asm.R7, int16(c.g.slot.fault+8), asm.R1, asm.DWord),
	)
	c.depth--
	c.loop("dt_parent", generations, func(s *code) { s.parentStep(parent, id) })
	c.kept(1, asm.R0)
	yes, end := c.label(), c.label()
	c.emit(asm.JEq.Imm(asm.R0, -1, yes), asm.Mov.Imm(asm.R0, 0))
	c.jump(end)
	c.mark(yes)
	c.emit(asm.Mov.Imm(asm.R0, 1))
	c.mark(end)
}

// parentStep compares one process and goes on to its parent. That it is found
// is told by -1 in the place of the id.
func (c *code) parentStep(parent, id int32) {
	other := c.label()
	read := func(off int32, size int) {
		c.kept(0, asm.R3)
		c.emit(
			asm.Add.Imm(asm.R3, off),
			asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, -8),
			asm.Mov.Imm(asm.R2, int32(size)),
			asm.FnProbeReadKernel.Call(),
			asm.JNE.Imm(asm.R0, 0, c.stopLabel()),
			asm.LoadMem(asm.R0, asm.RFP, -8, sizeOf(size)),
		)
	}
	read(id, 4)
	c.kept(1, asm.R1)
	c.emit(asm.JNE.Reg(asm.R0, asm.R1, other), asm.Mov.Imm(asm.R0, -1))
	c.keep(1, asm.R0)
	c.jump(c.stopLabel())
	c.mark(other)
	read(parent, 8)
	c.kept(0, asm.R1)
	c.emit(asm.JEq.Reg(asm.R0, asm.R1, c.stopLabel())) // the first process is its own parent
	c.keep(0, asm.R0)
}
