package dtrace

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/cilium/ebpf"

	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/probe"
)

// Sizes bound the memory of a run, in bytes.
type Sizes struct {
	Buffer int // ring buffer per CPU
	Agg    int // aggregations, each, per CPU
	Dyn    int // variables with keys, each
	Spec   int // a speculation
}

// maps are the kernel's side of a run's data, by name.
type maps map[string]*ebpf.Map

func (m maps) Close() error {
	var errs []error
	for _, one := range m {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}

const noPrealloc = 1 // BPF_F_NO_PREALLOC

// makeMaps makes what the programs refer to.
func makeMaps(g *gen.Generator, sizes Sizes, tables map[probe.Kind]*gen.Table) (maps, error) {
	m := maps{}
	specs := fixedMaps(g, sizes)
	if g.Zones {
		specs = append(specs, &ebpf.MapSpec{Name: gen.MapZones, Type: ebpf.Hash, KeySize: 8, ValueSize: gen.ZoneSize, MaxEntries: 65536, Flags: noPrealloc})
	}
	for _, a := range g.Aggs {
		specs = append(specs, &ebpf.MapSpec{
			Name: a.Map, Type: ebpf.PerCPUHash, KeySize: uint32(a.KeySize), ValueSize: uint32(a.ValueSize),
			MaxEntries: entries(sizes.Agg, a.KeySize+a.ValueSize), Flags: noPrealloc,
		})
	}
	for _, v := range g.Vars {
		if v.Map == "" {
			continue
		}
		specs = append(specs, &ebpf.MapSpec{
			Name: v.Map, Type: ebpf.Hash, KeySize: uint32(v.KeySize), ValueSize: uint32(v.Size),
			MaxEntries: entries(sizes.Dyn, g.DynSize(v.Var)), Flags: noPrealloc,
		})
	}
	for _, t := range tables {
		specs = append(specs, &ebpf.MapSpec{Name: t.Map, Type: ebpf.Array, KeySize: 4, ValueSize: uint32(t.Size()), MaxEntries: 1})
	}
	for _, s := range specs {
		one, err := ebpf.NewMap(s)
		if err != nil {
			m.Close()
			return nil, fmt.Errorf("make the map %s: %w", s.Name, err)
		}
		m[s.Name] = one
	}
	return m, m.fill(g, tables)
}

func fixedMaps(g *gen.Generator, sizes Sizes) []*ebpf.MapSpec {
	one := func(name string, kind ebpf.MapType, size int) *ebpf.MapSpec {
		return &ebpf.MapSpec{Name: name, Type: kind, KeySize: 4, ValueSize: uint32(max(size, 8)), MaxEntries: 1}
	}
	zero := g.Zeros()
	drops := one(gen.MapDrops, ebpf.PerCPUArray, 8)
	drops.MaxEntries = gen.DropCount
	scratch := one(gen.MapScratch, ebpf.Array, g.ScratchSize()) // not per-CPU: those have 32 KiB at most
	scratch.MaxEntries = uint32(ebpf.MustPossibleCPU() * gen.Slots)
	return []*ebpf.MapSpec{
		one(gen.MapState, ebpf.Array, gen.StateSize),
		scratch,
		one(gen.MapGlobals, ebpf.Array, g.Globals),
		one(gen.MapStrings, ebpf.Array, len(g.Strings)),
		one(gen.MapZero, ebpf.Array, zero),
		one(gen.MapWaste, ebpf.Array, zero),
		drops,
		{Name: gen.MapSpec, Type: ebpf.Hash, KeySize: 8, ValueSize: 8, MaxEntries: 256},
		{Name: gen.MapOut, Type: ebpf.RingBuf, MaxEntries: ringSize(sizes.Buffer)},
		{Name: gen.MapNames, Type: ebpf.Hash, KeySize: 4, ValueSize: 4 * gen.NameSize, MaxEntries: 8192, Flags: noPrealloc},
	}
}

// fill puts in what programs only read.
func (m maps) fill(g *gen.Generator, tables map[probe.Kind]*gen.Table) error {
	if err := m[gen.MapStrings].Put(uint32(0), g.Strings); err != nil {
		return fmt.Errorf("store string constants: %w", err)
	}
	for _, t := range tables {
		if err := m[t.Map].Put(uint32(0), t.Value()); err != nil {
			return fmt.Errorf("store the table of system calls: %w", err)
		}
	}
	return nil
}

// names stores the names of the probes that clauses ask for.
func (m maps) names(probes []*probe.Probe) error {
	for _, p := range probes {
		var value [4 * gen.NameSize]byte
		for i, part := range []string{p.Provider, p.Module, p.Func, p.Name} {
			copy(value[i*gen.NameSize:(i+1)*gen.NameSize-1], part)
		}
		if err := m[gen.MapNames].Put(uint32(p.ID), value); err != nil {
			return fmt.Errorf("store the name of probe %d: %w", p.ID, err)
		}
	}
	return nil
}

// entries is how many of a size fit. Many cost more than themselves: the kernel
// keeps a head for each of them, made with the map, and the names of where their
// parts are.
func entries(bytes, each int) uint32 {
	const few, overhead = 1024, 256
	n := max(bytes/each, 1)
	if n > few {
		n = max(bytes/(each+overhead), few)
	}
	return uint32(min(n, 1<<18))
}

// ringSize is the size of the buffer that all CPUs share: twice what one may
// have, however many there are, since they seldom fill theirs at the same time
// and all of it is memory from the start. A small one is taken as it is: the
// program wants to see what happens when it is full.
func ringSize(bytes int) uint32 {
	if bytes >= 1<<20 && runtime.NumCPU() > 1 {
		bytes *= 2
	}
	return powerOfTwo(bytes)
}

func powerOfTwo(n int) uint32 {
	size := uint32(4096)
	for int(size) < n {
		size *= 2
	}
	return size
}

// needsNames reports whether any clause reads the names of its probe.
func needsNames(p *ir.Program) bool {
	for _, name := range []string{"probeprov", "probemod", "probefunc", "probename"} {
		if gen.Uses(p, name) {
			return true
		}
	}
	return false
}
