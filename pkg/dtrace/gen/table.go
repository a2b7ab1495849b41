package gen

import (
	"encoding/binary"
	"slices"

	"github.com/cilium/ebpf/asm"
)

// Table is an attach point where many probes fire that a number tells apart.
// Its program has the code of each clause once; which of them a number runs is
// a set of bits in a map.
type Table struct {
	Map     string // an array of one: Value
	limit   int    // numbers from this on are nobody's
	runs    map[int]Run
	clauses []int        // of all numbers, in their order
	always  map[int]bool // those that every number runs
}

// NewTable makes a table of what runs by number.
func NewTable(name string, limit int, runs map[int]Run) *Table {
	t := &Table{Map: name, limit: limit, runs: runs, always: map[int]bool{}}
	times := map[int]int{}
	for _, r := range runs {
		for _, c := range r.Clauses {
			times[c]++
		}
	}
	for c, n := range times {
		t.clauses = append(t.clauses, c)
		t.always[c] = n == len(runs)
	}
	slices.Sort(t.clauses)
	return t
}

// What the map has for each number: the probe's id, whether there is one, and
// the set of clauses that it runs.
const (
	tableProbe = 0
	tableUsed  = 4
	tableSet   = 8
)

// words is how many words the set of clauses has.
func (t *Table) words() int { return (len(t.clauses) + 63) / 64 }

// each is the bytes that a number has.
func (t *Table) each() int { return tableSet + 8*t.words() }

// Size is the bytes of the map's value.
func (t *Table) Size() int { return t.limit * t.each() }

// Value is what the map has.
func (t *Table) Value() []byte {
	value := make([]byte, t.Size())
	for nr, r := range t.runs {
		v := value[nr*t.each():]
		binary.NativeEndian.PutUint32(v[tableProbe:], uint32(r.Probe))
		binary.NativeEndian.PutUint32(v[tableUsed:], 1)
		for _, c := range r.Clauses {
			i, _ := slices.BinarySearch(t.clauses, c)
			word := v[tableSet+8*(i/64):]
			binary.NativeEndian.PutUint64(word, binary.NativeEndian.Uint64(word)|1<<(i%64))
		}
	}
	return value
}

// Table makes the program of a table. number must leave the number in R0.
func (g *Generator) Table(p Point, number asm.Instructions, t *Table) (asm.Instructions, error) {
	c := newCode(g, p)
	c.start()
	c.emit(number...)
	// Look the number up first: most events may concern nobody.
	c.emit(
		asm.JGE.Imm(asm.R0, int32(t.limit), "out"),
		asm.Mul.Imm(asm.R0, int32(t.each())),
		asm.LoadMapValue(asm.R8, 0, 0).WithReference(t.Map),
		asm.Add.Reg(asm.R8, asm.R0),
		asm.LoadMem(asm.R9, asm.R8, tableUsed, asm.Word),
		asm.JEq.Imm(asm.R9, 0, "out"),
		asm.LoadMem(asm.R9, asm.R8, tableProbe, asm.Word),
	)
	c.enter(Active)
	for word := range t.words() {
		c.emit(
			asm.LoadMem(asm.R1, asm.R8, int16(tableSet+8*word), asm.DWord),
			asm.StoreMem(asm.R7, int16(g.slot.set+8*word), asm.R1, asm.DWord),
		)
	}
	for i, clause := range t.clauses {
		next := c.label()
		if !t.always[clause] {
			c.emit(
				asm.LoadMem(asm.R1, asm.R7, int16(g.slot.set+8*(i/64)), asm.DWord),
				asm.RSh.Imm(asm.R1, int32(i%64)),
				asm.And.Imm(asm.R1, 1),
				asm.JEq.Imm(asm.R1, 0, next),
			)
		}
		c.clauses([]int{clause})
		c.mark(next)
	}
	c.leave()
	return c.finish()
}
