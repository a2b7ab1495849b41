package probe

import (
	"fmt"

	"github.com/cilium/ebpf/asm"
)

// User is a place in a process or a function of the kernel: the context is the
// registers.
type User struct {
	kind     Kind
	operands []operand
}

// UserPoint is how the arguments of a probe in a process are reached.
func UserPoint(a Attach) User { return User{a.Kind, parseOperands(a.Operands)} }

// Name is the provider's name, for messages.
func (User) Name() string { return "probes of processes" }

// Cookie leaves the id of the probe in R0, of programs that many share.
func (User) Cookie() asm.Instructions {
	return asm.Instructions{asm.Mov.Reg(asm.R1, asm.R6), asm.FnGetAttachCookie.Call()}
}

// Arg is an argument of the function that begins, the result of one that ends
// (argument 1), or what the note of a mark tells.
func (u User) Arg(n int, scratch int16) (asm.Instructions, error) {
	none := asm.Instructions{asm.Mov.Imm(asm.R0, 0)}
	switch u.kind {
	case Leave, FunctionLeave:
		if n != 1 {
			return none, nil
		}
		return asm.Instructions{asm.LoadMem(asm.R0, asm.R6, hostUser.result, asm.DWord)}, nil
	case Marked:
		if n >= len(u.operands) {
			return none, nil
		}
		return u.operands[n].load(scratch)
	}
	if u.kind == FunctionEnter && n >= len(hostUser.args) {
		return none, nil
	}
	if n < len(hostUser.args) {
		return asm.Instructions{asm.LoadMem(asm.R0, asm.R6, hostUser.args[n], asm.DWord)}, nil
	}
	at := hostUser.stackArgs + 8*int32(n-len(hostUser.args))
	return append(asm.Instructions{
		asm.LoadMem(asm.R3, asm.R6, hostUser.sp, asm.DWord),
		asm.Add.Imm(asm.R3, at),
	}, readUser(scratch, 8)...), nil
}

// readUser reads size bytes at R3 of the process into R0; 0 when it cannot.
func readUser(scratch int16, size int) asm.Instructions {
	return asm.Instructions{
		asm.Mov.Imm(asm.R1, 0),
		asm.StoreMem(asm.RFP, scratch, asm.R1, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.RFP),
		asm.Add.Imm(asm.R1, int32(scratch)),
		asm.Mov.Imm(asm.R2, int32(size)),
		asm.FnProbeReadUser.Call(),
		asm.LoadMem(asm.R0, asm.RFP, scratch, asm.DWord),
	}
}

// userRegs are the offsets of a process's registers in struct pt_regs.
type userRegs struct {
	args       []int16
	result, sp int16
	stackArgs  int32 // from sp to the first argument on the stack, where a function begins
}

// load computes an operand and gives it its width.
func (o operand) load(scratch int16) (asm.Instructions, error) {
	ins, err := o.value(scratch)
	if err != nil {
		return nil, fmt.Errorf("argument %s of the probe: %w", o.where, err)
	}
	if shift := int32(64 - 8*o.size); shift > 0 {
		down := asm.RSh
		if o.signed {
			down = asm.ArSh
		}
		ins = append(ins, asm.LSh.Imm(asm.R0, shift), down.Imm(asm.R0, shift))
	}
	return ins, nil
}
