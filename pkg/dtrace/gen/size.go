package gen

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// recordHead is what the original has in each record beside its data. Buffers
// are given in its terms.
const recordHead = 56

// NeedBuffer is the size of the largest record: a smaller buffer is refused.
func (g *Generator) NeedBuffer() int {
	need := 0
	for _, c := range g.Clauses {
		if len(c.Actions) == 0 {
			continue
		}
		size := recordHead
		for _, a := range c.Actions {
			for _, f := range a.Fields {
				size += g.natural(f.Type, f.Size)
			}
			if a.Action.Kind == "exit" {
				size -= 4 // a word there
			}
		}
		need = max(need, size)
	}
	return need
}

// NeedAgg is the size of the largest entry of an aggregation.
func (g *Generator) NeedAgg() int {
	need := 0
	for _, a := range g.Aggs {
		need = max(need, a.KeySize+a.ValueSize)
	}
	return need
}

// NeedDyn is the size of the largest variable that is made when it is assigned.
func (g *Generator) NeedDyn() int {
	need := 0
	for v, l := range g.Vars {
		if l.Map != "" {
			need = max(need, g.DynSize(v))
		}
	}
	return need
}

// DynSize is what a variable, or an element of it, counts against dynvarsize.
func (g *Generator) DynSize(v *ir.Var) int {
	return max(1, g.natural(v.Type, g.Vars[v].Size)) + 16*len(v.Keys)
}

// natural is the bytes of a value as C has it.
func (g *Generator) natural(t *ctype.Type, size int) int {
	if t.IsInt() || t.IsPointer() {
		return t.Bytes()
	}
	if t.IsString() {
		return g.strCap
	}
	return size
}
