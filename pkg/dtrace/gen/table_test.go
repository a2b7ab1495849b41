package gen

import (
	"encoding/binary"
	"testing"
)

// What a number runs is worked out by hand: 70 clauses need two words, number 3
// runs clauses 0 and 69, number 7 runs 1 and 69, and the rest belongs to nobody.
func TestTable(t *testing.T) {
	runs := map[int]Run{3: {Probe: 30, Clauses: []int{0, 69}}, 7: {Probe: 70, Clauses: []int{1, 69}}}
	for c := 2; c < 69; c++ { // all of them somewhere
		runs[100+c] = Run{Probe: 1000 + c, Clauses: []int{c, 69}}
	}
	table := NewTable("t", 512, runs)
	if got := table.Size(); got != 512*24 {
		t.Fatalf("%d bytes, not a head and two words for each of 512", got)
	}
	if !table.always[69] || table.always[0] {
		t.Errorf("which clauses always run: %v", table.always)
	}
	value := table.Value()
	word := func(nr, at int) uint64 { return binary.NativeEndian.Uint64(value[24*nr+at:]) }
	for _, c := range []struct {
		nr                 int
		head, first, later uint64
	}{
		{3, 1<<32 | 30, 1, 1 << 5},
		{7, 1<<32 | 70, 2, 1 << 5},
		{163, 1<<32 | 1063, 1 << 63, 1 << 5},
		{164, 1<<32 | 1064, 0, 1<<5 | 1},
		{4, 0, 0, 0},
	} {
		if h, a, b := word(c.nr, 0), word(c.nr, 8), word(c.nr, 16); h != c.head || a != c.first || b != c.later {
			t.Errorf("number %d has %#x %#x %#x, not %#x %#x %#x", c.nr, h, a, b, c.head, c.first, c.later)
		}
	}
}
