package gen

import (
	"fmt"

	"github.com/cilium/ebpf/asm"
)

// faultPC is how far a fault's place stands left of its code in one word.
const faultPC = 8

// Fault splits the word that a record of an error has behind the address.
func Fault(word uint64) (code, pc uint64) { return word & (1<<faultPC - 1), word >> faultPC }

func newCode(g *Generator, p Point) *code {
	return &code{g: g, point: p, alias: map[string]string{}, ins: make(asm.Instructions, 0, 512)}
}

// finish resolves aliases and takes out what no path reaches, which the
// verifier would refuse.
func (c *code) finish() (asm.Instructions, error) {
	if c.err != nil {
		return nil, c.err
	}
	if c.g.slot.size > mostSlot {
		return nil, &Error{c.pos, fmt.Sprintf("the program needs %d bytes for a probe that fires, more than %d: use fewer or smaller variables, records and strings", c.g.slot.size, mostSlot)}
	}
	at := map[string]int{}
	for i := range c.ins {
		if to, ok := c.alias[c.ins[i].Reference()]; ok && isJump(c.ins[i]) {
			c.ins[i] = c.ins[i].WithReference(to)
		}
		if s := c.ins[i].Symbol(); s != "" {
			at[s] = i
		}
	}
	live := c.reach(at)
	faults := c.faults // in order
	out := c.ins[:0]
	for i, in := range c.ins {
		if len(faults) > 0 && faults[0] == i {
			in.Constant |= int64(len(out)) << faultPC
			faults = faults[1:]
		}
		if live[i] {
			out = append(out, in)
		}
	}
	return c.withSubs(out), nil
}

func isJump(in asm.Instruction) bool {
	op := in.OpCode
	return op.Class().IsJump() && op.JumpOp() != asm.Call && op.JumpOp() != asm.Exit
}

// reach marks the instructions that some path leads to.
func (c *code) reach(at map[string]int) []bool {
	live := make([]bool, len(c.ins))
	work := []int{0}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		for i < len(c.ins) && !live[i] {
			live[i] = true
			in := c.ins[i]
			if isJump(in) {
				work = append(work, at[in.Reference()])
			}
			if op := in.OpCode; op.Class().IsJump() && (op.JumpOp() == asm.Ja || op.JumpOp() == asm.Exit) {
				break
			}
			i++
		}
	}
	return live
}
