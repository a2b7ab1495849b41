package probe

import (
	"errors"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/asm"
)

// Offsets in struct pt_regs (asm/ptrace.h).
var hostUser = userRegs{
	args:   []int16{112, 104, 96, 88, 72, 64}, // di si dx cx r8 r9
	result: 80, sp: 152, stackArgs: 8,
}

var errOperand = errors.New("it is described in a way that is not known")

// register is the offset of a register by any of its names.
func register(name string) (int16, bool) {
	names := [...]string{
		"r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di", "", "ip", "", "", "sp",
	}
	name = strings.TrimPrefix(name, "%")
	switch {
	case len(name) > 1 && name[0] == 'r' && name[1] >= '0' && name[1] <= '9':
		name = strings.TrimRight(name, "dwb")
	case len(name) == 2 && name[1] == 'l':
		name = name[:1] + "x"
	case len(name) == 3 && name[2] == 'l':
		name = name[:2]
	case len(name) == 3 && (name[0] == 'r' || name[0] == 'e'):
		name = name[1:]
	}
	for i, n := range names {
		if n == name && n != "" {
			return int16(8 * i), true
		}
	}
	return 0, false
}

// value computes $CONST, %REG or DISP(%BASE,%INDEX,SCALE) into R0.
func (o operand) value(scratch int16) (asm.Instructions, error) {
	w := o.where
	switch {
	case strings.HasPrefix(w, "$"):
		v, err := strconv.ParseInt(w[1:], 0, 64)
		if err != nil {
			u, err := strconv.ParseUint(w[1:], 0, 64)
			if err != nil {
				return nil, errOperand
			}
			v = int64(u)
		}
		return asm.Instructions{asm.LoadImm(asm.R0, v, asm.DWord)}, nil
	case strings.HasPrefix(w, "%"):
		reg, ok := register(w)
		if !ok {
			return nil, errOperand
		}
		return asm.Instructions{asm.LoadMem(asm.R0, asm.R6, reg, asm.DWord)}, nil
	}
	return memory(w, scratch, o.size)
}

func memory(w string, scratch int16, size int) (asm.Instructions, error) {
	disp, inner, ok := strings.Cut(strings.TrimSuffix(w, ")"), "(")
	if !ok || !strings.HasSuffix(w, ")") {
		return nil, errOperand
	}
	at := int64(0)
	if disp != "" {
		var err error
		if at, err = strconv.ParseInt(disp, 0, 32); err != nil {
			return nil, errOperand
		}
	}
	parts := strings.Split(inner, ",")
	ins := asm.Instructions{asm.LoadImm(asm.R3, at, asm.DWord)}
	for i, name := range parts {
		if i == 2 || name == "" {
			continue
		}
		reg, ok := register(name)
		if !ok || i > 2 {
			return nil, errOperand
		}
		ins = append(ins, asm.LoadMem(asm.R0, asm.R6, reg, asm.DWord))
		if i == 1 && len(parts) > 2 {
			scale, err := strconv.ParseInt(parts[2], 10, 8)
			if err != nil {
				return nil, errOperand
			}
			ins = append(ins, asm.Mul.Imm(asm.R0, int32(scale)))
		}
		ins = append(ins, asm.Add.Reg(asm.R3, asm.R0))
	}
	return append(ins, readUser(scratch, size)...), nil
}
