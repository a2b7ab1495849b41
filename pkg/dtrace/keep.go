package dtrace

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
)

// keeper holds records until the run ends, as the policies fill and ring want
// it: up to a size for each CPU.
type keeper struct {
	policy Policy
	limit  int // bytes per CPU
	cpus   map[uint32]*kept
	count  int // records so far
}

// kept is what one CPU has.
type kept struct {
	size    int
	records []numbered
}

// numbered is a record and its place among those of all CPUs.
type numbered struct {
	n int
	b []byte
}

// add keeps a record and reports whether there was no room for it. A ring makes
// room by forgetting the CPU's oldest ones.
func (k *keeper) add(b []byte) (full bool) {
	if k.cpus == nil {
		k.cpus = map[uint32]*kept{}
	}
	cpu := cpuOf(b)
	c := k.cpus[cpu]
	if c == nil {
		c = &kept{}
		k.cpus[cpu] = c
	}
	if k.policy == Fill && c.size+len(b) > k.limit {
		return true
	}
	k.count++
	c.records = append(c.records, numbered{k.count, b})
	c.size += len(b)
	for c.size > k.limit {
		c.size -= len(c.records[0].b)
		c.records = c.records[1:]
	}
	return false
}

func cpuOf(b []byte) uint32 {
	if len(b) < gen.HeaderSize {
		return 0
	}
	return binary.NativeEndian.Uint32(b[8:])
}

// each hands over what is kept, oldest first.
func (k *keeper) each(take func([]byte) error) error {
	var all []numbered
	for _, c := range k.cpus {
		all = append(all, c.records...)
	}
	k.cpus = nil
	slices.SortFunc(all, func(a, b numbered) int { return cmp.Compare(a.n, b.n) })
	for _, r := range all {
		if err := take(r.b); err != nil {
			return err
		}
	}
	return nil
}
