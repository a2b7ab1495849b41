package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// MapSpec is a hash with the ids of the speculations that are in use.
const MapSpec = "dt_spec"

// NoSpeculation marks a record of a speculation that is not in use: it is lost.
const NoSpeculation = ^uint64(0)

// specKey stores R0 as the key, and leaves map and key in R1 and R2.
func (c *code) specKey() {
	c.emit(
		asm.StoreMem(asm.R7, int16(c.g.slot.fault), asm.R0, asm.DWord),
		asm.LoadMapPtr(asm.R1, 0).WithReference(MapSpec),
	)
	c.slotAddr(asm.R2, c.g.slot.fault)
}

// newSpeculation takes the first id that is free; 0 when none is.
func (c *code) newSpeculation() {
	end := c.label()
	for id := 1; id <= c.g.specs; id++ {
		c.emit(asm.Mov.Imm(asm.R0, int32(id)))
		c.specKey()
		c.emit(
			asm.Mov.Reg(asm.R3, asm.R2),
			asm.Mov.Imm(asm.R4, 1), // BPF_NOEXIST
			asm.FnMapUpdateElem.Call(),
			asm.Mov.Reg(asm.R1, asm.R0),
			asm.Mov.Imm(asm.R0, int32(id)),
			asm.JEq.Imm(asm.R1, 0, end),
		)
	}
	c.drop(DropSpec)
	c.emit(asm.Mov.Imm(asm.R0, 0))
	c.mark(end)
}

// speculation is speculate, commit or discard: the field keeps the id, 0 when
// it is not in use.
func (c *code) speculation(s *ir.Action, l *ActionLayout) {
	unused, end := c.label(), c.label()
	c.expr(s.Args[0])
	word := c.push()
	known := c.label()
	c.emit(asm.JLE.Imm(asm.R0, int32(c.g.specs), known))
	c.faultIfAlways(FaultIllegal, word)
	c.mark(known)
	c.specKey()
	if s.Kind == "speculate" {
		c.emit(asm.FnMapLookupElem.Call(), asm.JEq.Imm(asm.R0, 0, unused))
	} else {
		c.emit(asm.FnMapDeleteElem.Call(), asm.JNE.Imm(asm.R0, 0, unused))
	}
	c.emit(asm.LoadMem(asm.R1, asm.RFP, word, asm.DWord), asm.Mov.Reg(asm.R2, asm.R1))
	c.jump(end)
	c.mark(unused)
	c.emit(asm.Mov.Imm(asm.R1, 0), asm.Mov.Imm(asm.R2, -1))
	c.mark(end)
	c.emit(asm.StoreMem(asm.R8, int16(l.Fields[0].Off), asm.R1, asm.DWord))
	if s.Kind == "speculate" {
		c.emit(asm.StoreMem(asm.R8, 16, asm.R2, asm.DWord))
	}
	c.depth--
}
