package probe

import (
	"errors"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/asm"
)

// Offsets in struct pt_regs (asm/ptrace.h).
var hostUser = userRegs{args: []int16{0, 8, 16, 24, 32, 40, 48, 56}, result: 0, sp: 248, stackArgs: 0}

var errOperand = errors.New("it is described in a way that is not known")

// register is the offset of a register by any of its names.
func register(name string) (int16, bool) {
	if name == "sp" {
		return hostUser.sp, true
	}
	n, err := strconv.Atoi(strings.TrimLeft(name, "xw"))
	return int16(8 * n), err == nil && n <= 30 && len(name) > 1
}

// value computes CONST, xN or [BASE, DISP] into R0.
func (o operand) value(scratch int16) (asm.Instructions, error) {
	w := o.where
	if v, err := strconv.ParseInt(w, 0, 64); err == nil {
		return asm.Instructions{asm.LoadImm(asm.R0, v, asm.DWord)}, nil
	}
	if reg, ok := register(w); ok {
		return asm.Instructions{asm.LoadMem(asm.R0, asm.R6, reg, asm.DWord)}, nil
	}
	base, disp, _ := strings.Cut(strings.Trim(w, "[]"), ",")
	reg, ok := register(base)
	at := int64(0)
	if disp != "" {
		var err error
		if at, err = strconv.ParseInt(strings.TrimSpace(disp), 0, 32); err != nil {
			ok = false
		}
	}
	if !ok {
		return nil, errOperand
	}
	ins := asm.Instructions{asm.LoadMem(asm.R3, asm.R6, reg, asm.DWord), asm.Add.Imm(asm.R3, int32(at))}
	return append(ins, readUser(scratch, o.size)...), nil
}

// instructions are where instructions begin: all have four bytes.
func instructions(code []byte) ([]int, bool) {
	var starts []int
	for at := 0; at+4 <= len(code); at += 4 {
		starts = append(starts, at)
	}
	return starts, true
}
