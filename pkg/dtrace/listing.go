package dtrace

import (
	"fmt"
	"io"

	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
)

// list writes a program as it is loaded: the number and place of each
// instruction, its code, registers, offset and constant, and what they mean.
func list(w io.Writer, name string, ins asm.Instructions) error {
	slots := map[string]int{}
	at := 0
	for _, in := range ins {
		if s := in.Symbol(); s != "" {
			slots[s] = at
		}
		at += slotsOf(in)
	}
	if _, err := fmt.Fprintf(w, "\nProgram %s\nINS  OFF    OP D S OFFS IMM\n", name); err != nil {
		return err
	}
	at = 0
	for i, in := range ins {
		if c := gen.ClauseAt(&ins[i]); c != nil {
			if _, err := fmt.Fprintf(w, "Disassembly of clause %s:\n", c.Desc); err != nil {
				return err
			}
		}
		off, text := int(in.Offset), fmt.Sprint(in)
		size := slotsOf(in)
		if to, ok := slots[in.Reference()]; ok {
			off = to - at - size
			text = fmt.Sprintf("%v -> %04d", in.OpCode, to)
		}
		if _, err := fmt.Fprintf(w, "%04d %05d: %02x %x %x %04x %08x    %s\n",
			i, at, uint8(in.OpCode), uint8(in.Dst), uint8(in.Src), uint16(off), uint32(in.Constant), text); err != nil {
			return err
		}
		at += size
	}
	return nil
}

// slotsOf is how many places an instruction takes.
func slotsOf(in asm.Instruction) int {
	if in.OpCode.IsDWordLoad() {
		return 2
	}
	return 1
}
