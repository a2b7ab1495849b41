package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// usesScratch reports whether a clause takes scratch memory.
func usesScratch(cl *ir.Clause) bool {
	return callsAny(cl, "alloca", "copyin", "copyinto", "bcopy")
}

// clearScratch takes all scratch memory back and fills it with zeros.
func (c *code) clearScratch() {
	s := &c.g.slot
	c.storeImm(asm.R7, int16(s.scratchTop), 0)
	if s.scratchSize == 0 {
		return
	}
	c.slotAddr(asm.R1, s.scratch)
	c.emit(
		asm.Mov.Imm(asm.R2, int32(s.scratchSize)),
		asm.LoadMapValue(asm.R3, 0, 0).WithReference(MapZero),
		asm.FnProbeReadKernel.Call(),
	)
}

// alloca gives R0 bytes of scratch memory: their address, a multiple of 8.
func (c *code) alloca() {
	s := &c.g.slot
	fits := c.label()
	word := c.push()
	c.emit(
		asm.LoadMem(asm.R1, asm.R7, int16(s.scratchTop), asm.DWord),
		asm.JGT.Imm(asm.R0, int32(s.scratchSize), fits+"no"),
		asm.Add.Imm(asm.R0, 7), asm.And.Imm(asm.R0, -8),
		asm.Mov.Reg(asm.R2, asm.R1), asm.Add.Reg(asm.R2, asm.R0),
		asm.JLE.Imm(asm.R2, int32(s.scratchSize), fits),
	)
	c.mark(fits + "no")
	c.faultIfAlways(FaultNoSpace, word)
	c.mark(fits)
	c.emit(asm.StoreMem(asm.R7, int16(s.scratchTop), asm.R2, asm.DWord))
	c.keep(1, asm.R1)
	c.slotAddr(asm.R0, s.scratch)
	c.scalarize()
	c.kept(1, asm.R1)
	c.emit(asm.Add.Reg(asm.R0, asm.R1))
	c.depth--
}

// scratchRange takes an address and a size in stack words, and leaves a pointer
// into the scratch memory in R1 and the size in R2, both bounded.
func (c *code) scratchRange(addr, size int16) {
	s := &c.g.slot
	sized, inside := c.label(), c.label()
	limit := int32(s.scratchSize)
	c.emit(asm.LoadMem(asm.R2, asm.RFP, size, asm.DWord), asm.JLE.Imm(asm.R2, limit, sized))
	c.faultIfAlways(FaultBadSize, size)
	c.mark(sized)
	c.slotAddr(asm.R0, s.scratch)
	c.scalarize()
	c.emit(
		asm.LoadMem(asm.R1, asm.RFP, addr, asm.DWord),
		asm.Sub.Reg(asm.R1, asm.R0),
		asm.LoadMem(asm.R2, asm.RFP, size, asm.DWord),
		asm.LoadMem(asm.R3, asm.R7, int16(s.scratchTop), asm.DWord),
		asm.JGT.Imm(asm.R1, limit, inside+"no"), asm.JGT.Imm(asm.R2, limit, inside+"no"),
		asm.Mov.Reg(asm.R4, asm.R1), asm.Add.Reg(asm.R4, asm.R2),
		asm.JLE.Reg(asm.R4, asm.R3, inside),
	)
	c.mark(inside + "no")
	c.faultIfAlways(FaultBadAddr, addr)
	c.mark(inside)
	c.slotAddr(asm.R0, s.scratch)
	c.emit(asm.Add.Reg(asm.R1, asm.R0))
}

// copyin is alloca() and copyinto().
func (c *code) copyin(x *ir.Call) {
	c.expr(x.Args[0])
	from := c.push()
	c.expr(x.Args[1])
	size := c.push()
	c.alloca()
	to := c.push()
	c.copyUser(to, size, from)
	c.emit(asm.LoadMem(asm.R0, asm.RFP, to, asm.DWord))
	c.depth -= 3
}

// copyinstr reads a string of the process; a size that is given counts its NUL.
func (c *code) copyinstr(x *ir.Call) {
	s := &ir.ToString{Typed: ir.Typed{T: x.T}, X: x.Args[0], Space: ir.User}
	if len(x.Args) < 2 {
		c.toString(s)
		return
	}
	c.expr(x.Args[0])
	from := c.push()
	c.expr(x.Args[1])
	at, fits := c.temp(), c.label()
	c.slotAddr(asm.R1, at)
	c.emit(
		asm.Mov.Reg(asm.R2, asm.R0),
		asm.JLE.Imm(asm.R2, int32(c.g.strCap), fits),
		asm.Mov.Imm(asm.R2, int32(c.g.strCap)),
	)
	c.mark(fits)
	c.emit(asm.LoadMem(asm.R3, asm.RFP, from, asm.DWord), asm.FnProbeReadUserStr.Call())
	c.faultIfNegative(from)
	c.depth--
	c.slotAddr(asm.R0, at)
}

func (c *code) copyinto(x *ir.Call) {
	c.expr(x.Args[0])
	from := c.push()
	c.expr(x.Args[1])
	size := c.push()
	c.expr(x.Args[2])
	to := c.push()
	c.copyUser(to, size, from)
	c.depth -= 3
}

func (c *code) copyUser(to, size, from int16) {
	c.scratchRange(to, size)
	c.emit(asm.LoadMem(asm.R3, asm.RFP, from, asm.DWord), asm.FnProbeReadUser.Call())
	c.faultIf(FaultBadAddr, from)
}

// bcopy copies to scratch memory. What it copies from scratch memory must be in
// use to its end.
func (c *code) bcopy(x *ir.Call) {
	c.expr(x.Args[0])
	from := c.push()
	c.expr(x.Args[1])
	to := c.push()
	c.expr(x.Args[2])
	size := c.push()
	if t := x.Args[0].Type().Base(); t.Alloca {
		c.scratchSource(from, size)
	}
	c.scratchRange(to, size)
	c.emit(asm.LoadMem(asm.R3, asm.RFP, from, asm.DWord), asm.FnProbeReadKernel.Call())
	c.faultIf(FaultBadAddr, from)
	c.depth -= 3
}

func (c *code) scratchSource(from, size int16) {
	s := &c.g.slot
	inside, other := c.label(), c.label()
	c.slotAddr(asm.R0, s.scratch)
	c.scalarize()
	c.emit(
		asm.LoadMem(asm.R1, asm.RFP, from, asm.DWord),
		asm.Sub.Reg(asm.R1, asm.R0),
		asm.LoadMem(asm.R3, asm.R7, int16(s.scratchTop), asm.DWord),
		asm.JLE.Reg(asm.R1, asm.R3, inside),
	)
	if len(c.regions()) == 1 {
		c.faultIfAlways(FaultBadAddr, from)
	} else {
		c.jump(other)
	}
	c.mark(inside)
	c.emit(
		asm.LoadMem(asm.R2, asm.RFP, size, asm.DWord),
		asm.Sub.Reg(asm.R3, asm.R1),
		asm.JLE.Reg(asm.R2, asm.R3, other),
	)
	c.faultIfAlways(FaultBadSize, size)
	c.mark(other)
}
