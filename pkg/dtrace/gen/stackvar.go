package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

const (
	userStack = 1 << 8 // BPF_F_USER_STACK
	allFrames = 255    // as many as a helper can leave out
)

// ownFrames is how many frames of the tracing itself are on top of the kernel's
// stack.
func (c *code) ownFrames() int32 {
	if p, ok := c.point.(interface{ OwnFrames() int }); ok {
		return int32(p.OwnFrames())
	}
	return 0
}

// caller is the return address of the function that fired the probe.
func (c *code) caller(user bool) {
	flags := c.ownFrames() + 1
	if user {
		flags = userStack | 1
	}
	none, end := c.label(), c.label()
	c.emit(
		asm.Mov.Reg(asm.R1, asm.R6),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, int32(buffer)),
		asm.Mov.Imm(asm.R3, 8), asm.Mov.Imm(asm.R4, flags),
		asm.FnGetStack.Call(),
		asm.JNE.Imm(asm.R0, 8, none),
		asm.LoadMem(asm.R0, asm.RFP, buffer, asm.DWord),
	)
	c.jump(end)
	c.mark(none)
	c.emit(asm.Mov.Imm(asm.R0, 0))
	c.mark(end)
}

// stackDepth counts frames, as far as there is room for them.
func (c *code) stackDepth(user bool) {
	flags := c.ownFrames()
	if user {
		flags = userStack
	}
	ok := c.label()
	c.emit(asm.Mov.Reg(asm.R1, asm.R6))
	at := c.tempAt(c.temps) // what is behind the strings in use
	c.slotAddr(asm.R2, at)
	c.emit(
		asm.Mov.Imm(asm.R3, int32((c.g.slot.strCount-c.temps)*c.g.strSize&^7)), asm.Mov.Imm(asm.R4, flags),
		asm.FnGetStack.Call(),
		asm.JSGE.Imm(asm.R0, 0, ok),
		asm.Mov.Imm(asm.R0, 0),
	)
	c.mark(ok)
	c.emit(asm.RSh.Imm(asm.R0, 3))
}

// register is uregs[n]: a word of what the kernel keeps of the process's
// registers (see registerOffset), or of its thread.
func (c *code) register(x *ir.Builtin) {
	k, ok := x.Arg.(*ir.Const)
	if !ok {
		c.fail(c.pos, "uregs[ ] needs a constant index on this host")
		return
	}
	c.emit(
		asm.FnGetCurrentTaskBtf.Call(),
		asm.Mov.Reg(asm.R1, asm.R0),
		asm.FnTaskPtRegs.Call(),
		asm.Mov.Reg(asm.R3, asm.R0), asm.Add.Imm(asm.R3, int32(8*k.V)),
		asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, int32(buffer)),
		asm.Mov.Imm(asm.R2, 8),
		asm.FnProbeReadKernel.Call(),
		asm.LoadMem(asm.R0, asm.RFP, buffer, asm.DWord),
	)
}
