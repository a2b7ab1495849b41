package probe

import (
	"github.com/cilium/ebpf/asm"
)

// regs are the offsets in struct pt_regs of this architecture (asm/ptrace.h).
type regs struct {
	args   [6]int16 // of a system call
	number int16    // of the system call
	pc     int16
}

// readKernel reads 8 bytes at R3+off into R0.
func readKernel(scratch int16) asm.Instructions {
	return asm.Instructions{
		asm.Mov.Reg(asm.R1, asm.RFP),
		asm.Add.Imm(asm.R1, int32(scratch)),
		asm.Mov.Imm(asm.R2, 8),
		asm.FnProbeReadKernel.Call(),
		asm.LoadMem(asm.R0, asm.RFP, scratch, asm.DWord),
	}
}

// tracepointFrames are the program, what calls it, and the tracepoint's own
// function.
const tracepointFrames = 3

// Entry is where a system call begins: raw tracepoint sys_enter(regs, number).
type Entry struct{}

// Name is the provider's name, for messages.
func (Entry) Name() string { return "syscall entry probes" }

// OwnFrames are those of the tracing on top of the stack.
func (Entry) OwnFrames() int { return tracepointFrames }

// Single is its slot: a CPU enters one system call at a time.
func (Entry) Single() int { return 0 }

// Number leaves the number of the system call in R0.
func (Entry) Number() asm.Instructions {
	return asm.Instructions{asm.LoadMem(asm.R0, asm.R6, 8, asm.DWord), asm.Mov.Reg32(asm.R0, asm.R0)}
}

// Arg is one of the six arguments; those beyond are 0.
func (Entry) Arg(n int, scratch int16) (asm.Instructions, error) {
	if n >= 6 {
		return asm.Instructions{asm.Mov.Imm(asm.R0, 0)}, nil
	}
	return append(asm.Instructions{
		asm.LoadMem(asm.R3, asm.R6, 0, asm.DWord),
		asm.Add.Imm(asm.R3, int32(hostRegs.args[n])),
	}, readKernel(scratch)...), nil
}

// Return is where a system call ends: raw tracepoint sys_exit(regs, result).
type Return struct{}

// Name is the provider's name, for messages.
func (Return) Name() string { return "syscall return probes" }

// OwnFrames are those of the tracing on top of the stack.
func (Return) OwnFrames() int { return tracepointFrames }

// Single is its slot: a CPU leaves one system call at a time.
func (Return) Single() int { return 1 }

// Number leaves the number of the system call in R0; the registers still have
// it.
func (Return) Number() asm.Instructions {
	ins := append(asm.Instructions{
		asm.LoadMem(asm.R3, asm.R6, 0, asm.DWord),
		asm.Add.Imm(asm.R3, int32(hostRegs.number)),
	}, readKernel(-16)...)
	return append(ins, asm.Mov.Reg32(asm.R0, asm.R0))
}

// Arg 0 and 1 are both the result, -1 when the call failed.
func (Return) Arg(n int, _ int16) (asm.Instructions, error) {
	if n > 1 {
		return asm.Instructions{asm.Mov.Imm(asm.R0, 0)}, nil
	}
	return asm.Instructions{asm.LoadMem(asm.R0, asm.R6, 8, asm.DWord)}, nil
}

// Errno leaves the error of the system call in R0, 0 for none.
func (Return) Errno(label func() string) asm.Instructions {
	end := label()
	return asm.Instructions{
		asm.LoadMem(asm.R0, asm.R6, 8, asm.DWord),
		asm.Neg.Imm(asm.R0, 0),
		asm.Mov.Reg(asm.R1, asm.R0),
		asm.JSLT.Imm(asm.R1, 1, end+"z"),
		asm.JSLE.Imm(asm.R1, 4095, end),
		asm.Mov.Imm(asm.R0, 0).WithSymbol(end + "z"),
		asm.Mov.Reg(asm.R1, asm.R1).WithSymbol(end),
	}
}

// Clock is a perf event on a CPU's clock.
type Clock struct{}

// Name is the provider's name, for messages.
func (Clock) Name() string { return "profile probes" }

// Arg 0 is the program counter in the kernel, 1 that of the process; the other
// one is 0.
func (Clock) Arg(n int, _ int16) (asm.Instructions, error) {
	if n > 1 {
		return asm.Instructions{asm.Mov.Imm(asm.R0, 0)}, nil
	}
	ins := asm.Instructions{
		asm.LoadMem(asm.R0, asm.R6, hostRegs.pc, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.R0),
		asm.ArSh.Imm(asm.R1, 63), // all ones in the kernel
	}
	if n == 1 {
		ins = append(ins, asm.Xor.Imm(asm.R1, -1))
	}
	return append(ins, asm.And.Reg(asm.R0, asm.R1)), nil
}

// Own is a run of our own: BEGIN and END.
type Own struct{}

// Name is the provider's name, for messages.
func (Own) Name() string { return "dtrace probes" }

// OwnFrames are all: there is nothing but the tracing on the stack.
func (Own) OwnFrames() int { return 255 }

// Arg is 0.
func (Own) Arg(int, int16) (asm.Instructions, error) {
	return asm.Instructions{asm.Mov.Imm(asm.R0, 0)}, nil
}

// Raw is a tracepoint with its arguments as the kernel passes them.
type Raw struct{ Args int } // how many it has

// Name is the provider's name, for messages.
func (Raw) Name() string { return "tracepoints" }

// OwnFrames are those of the tracing on top of the stack.
func (Raw) OwnFrames() int { return tracepointFrames }

// Arg is what the kernel passes; those beyond are 0.
func (r Raw) Arg(n int, _ int16) (asm.Instructions, error) {
	if n >= r.Args {
		return asm.Instructions{asm.Mov.Imm(asm.R0, 0)}, nil
	}
	return asm.Instructions{asm.LoadMem(asm.R0, asm.R6, int16(8*n), asm.DWord)}, nil
}
