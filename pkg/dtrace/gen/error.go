package gen

import (
	"github.com/cilium/ebpf/asm"
)

// SetErrors tells which clauses an error fires, and the ERROR probe's id.
func (g *Generator) SetErrors(r Run) { g.errors = r }

// errorExits reports whether an error may end the session.
func (g *Generator) errorExits() bool {
	for _, i := range g.errors.Clauses {
		if exits(g.Clauses[i].Clause) {
			return true
		}
	}
	return false
}

// fireError runs the ERROR probe's clauses after an error in clause l. An error
// in one of them fires nothing more.
func (c *code) fireError(l *ClauseLayout) {
	if c.inError || len(c.g.errors.Clauses) == 0 {
		return
	}
	args := c.g.slot.errArgs
	c.emit(
		asm.StoreMem(asm.R7, int16(args), asm.R9, asm.DWord), // arg0's place keeps the probe
		asm.LoadMem(asm.R1, asm.R7, int16(c.g.slot.fault), asm.DWord),
		asm.StoreMem(asm.R7, int16(args+5*8), asm.R1, asm.DWord),
		asm.LoadMem(asm.R1, asm.R7, int16(c.g.slot.fault+8), asm.DWord),
		asm.Mov.Reg(asm.R2, asm.R1),
		asm.RSh.Imm(asm.R2, faultPC),
		asm.And.Imm(asm.R1, 1<<faultPC-1),
		asm.StoreMem(asm.R7, int16(args+3*8), asm.R2, asm.DWord),
		asm.StoreMem(asm.R7, int16(args+4*8), asm.R1, asm.DWord),
	)
	c.storeImm(asm.R7, int16(args+1*8), int32(l.EPID))
	c.storeImm(asm.R7, int16(args+2*8), 1)
	c.emit(asm.Mov.Imm(asm.R9, int32(c.g.errors.Probe)))
	c.inError = true
	c.clauses(c.g.errors.Clauses)
	c.inError = false
	c.emit(asm.LoadMem(asm.R9, asm.R7, int16(args), asm.DWord))
}

// errorArg is an argument of the ERROR probe: the enabled probe, the action,
// the place, the fault and its value.
func (c *code) errorArg(n int) {
	if n < 1 || n > 5 {
		c.emit(asm.Mov.Imm(asm.R0, 0))
		return
	}
	c.emit(asm.LoadMem(asm.R0, asm.R7, int16(c.g.slot.errArgs+8*n), asm.DWord))
}
