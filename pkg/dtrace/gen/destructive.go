package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// destructive is an action that changes the process at the probe.
func (c *code) destructive(s *ir.Action) {
	switch s.Kind {
	case "raise":
		c.expr(s.Args[0])
		c.emit(asm.Mov.Reg(asm.R1, asm.R0), asm.FnSendSignal.Call())
	case "stop":
		const sigstop = 19
		c.emit(asm.Mov.Imm(asm.R1, sigstop), asm.FnSendSignal.Call())
	case "copyout":
		c.copyout(s)
	case "copyoutstr":
		c.copyoutstr(s)
	}
}

// copyout writes scratch memory into the process.
func (c *code) copyout(s *ir.Action) {
	if !s.Args[0].Type().Base().Alloca {
		c.fail(s.Pos, "copyout( ) takes only memory from alloca( ) or copyin( )")
		return
	}
	c.expr(s.Args[0])
	from := c.push()
	c.expr(s.Args[1])
	to := c.push()
	c.expr(s.Args[2])
	size := c.push()
	c.scratchRange(from, size)
	end := c.label()
	c.emit(asm.JEq.Imm(asm.R2, 0, end), asm.Mov.Reg(asm.R3, asm.R2), asm.Mov.Reg(asm.R2, asm.R1))
	c.writeUser(to)
	c.mark(end)
	c.depth -= 3
}

// copyoutstr writes a string with its NUL, at most as many bytes as are given.
func (c *code) copyoutstr(s *ir.Action) {
	c.expr(s.Args[1])
	to := c.push()
	c.expr(s.Args[2])
	most := c.push()
	at := c.copied(s.Args[0])
	short, end := c.label(), c.label()
	c.emit(
		asm.Add.Imm(asm.R0, 1),
		asm.LoadMem(asm.R3, asm.RFP, most, asm.DWord),
		asm.JLE.Reg(asm.R3, asm.R0, short),
		asm.Mov.Reg(asm.R3, asm.R0),
	)
	c.mark(short)
	c.emit(asm.JEq.Imm(asm.R3, 0, end), asm.JGT.Imm(asm.R3, int32(c.g.strCap), end))
	c.slotAddr(asm.R2, at)
	c.writeUser(to)
	c.mark(end)
	c.depth -= 2
}

// writeUser writes R3 bytes from R2 to the process's address in a stack word.
func (c *code) writeUser(to int16) {
	c.emit(asm.LoadMem(asm.R1, asm.RFP, to, asm.DWord), asm.FnProbeWriteUser.Call())
	c.faultIf(FaultBadAddr, to)
}

// print records an address and what it points to.
func (c *code) print(s *ir.Action, l *ActionLayout) {
	c.recordWord(s.Args[0], l.Fields[0])
	c.emit(
		asm.Mov.Reg(asm.R1, asm.R8), asm.Add.Imm(asm.R1, int32(l.Fields[1].Off)),
		asm.Mov.Imm(asm.R2, int32(l.Fields[1].Size)),
		asm.LoadMem(asm.R3, asm.R8, int16(l.Fields[0].Off), asm.DWord),
	)
	if s.Args[0].Type().Base().User {
		c.emit(asm.FnProbeReadUser.Call())
	} else {
		c.emit(asm.FnProbeReadKernel.Call())
	}
	ok := c.label()
	c.emit(asm.JEq.Imm(asm.R0, 0, ok), asm.LoadMem(asm.R1, asm.R8, int16(l.Fields[0].Off), asm.DWord))
	c.emit(asm.StoreMem(asm.R7, int16(c.g.slot.fault), asm.R1, asm.DWord))
	c.faultHere(FaultBadAddr)
	c.mark(ok)
}
