package vm

import (
	"maps"
	"testing"
)

func TestSettleMemory(t *testing.T) {
	zone, _ := BrandOf("joyent")
	kvm, _ := BrandOf("kvm")
	has := func(phys, locked, swap, tmpfs int64) memory { return memory{phys, locked, swap, tmpfs, true, true} }
	type limits = map[string]int64
	for _, c := range []struct {
		name     string
		b        Brand
		now      memory
		in, want limits
	}{
		{
			"new, ram only", zone,
			memory{},
			limits{"ram": 512},
			limits{"max_physical_memory": 512, "max_locked_memory": 512, "max_swap": 512, "tmpfs": 512},
		},
		{
			"new and small", zone,
			memory{},
			limits{"ram": 64},
			limits{"max_physical_memory": 64, "max_locked_memory": 64, "max_swap": 256, "tmpfs": 64},
		},
		{
			"new guest", kvm,
			memory{},
			limits{"ram": 1024},
			limits{"max_physical_memory": 2048, "max_locked_memory": 2048, "max_swap": 2048},
		},
		{
			"guest with too little", kvm,
			memory{},
			limits{"ram": 1024, "max_physical_memory": 1100},
			limits{"max_physical_memory": 1280, "max_locked_memory": 1280, "max_swap": 1280},
		},
		{
			"distances stay", zone, has(1024, 1000, 2048, 512),
			limits{"max_physical_memory": 2048},
			limits{"max_physical_memory": 2048, "max_locked_memory": 2024, "max_swap": 3072, "tmpfs": 1024},
		},
		{
			"swap at its floor follows", zone, has(128, 128, 256, 0),
			limits{"ram": 512},
			limits{"max_physical_memory": 512, "max_locked_memory": 512, "max_swap": 512, "tmpfs": 0},
		},
		{"locked is clamped", zone, has(512, 512, 512, 512), limits{"max_locked_memory": 1024}, limits{"max_locked_memory": 512}},
		{"swap is raised", zone, has(512, 512, 512, 512), limits{"max_swap": 300}, limits{"max_swap": 512}},
		{"tmpfs is clamped", zone, has(512, 512, 512, 512), limits{"tmpfs": 600}, limits{"tmpfs": 512}},
		{"shares are capped", zone, has(512, 512, 512, 512), limits{"cpu_shares": 70000}, limits{"cpu_shares": 65535}},
	} {
		p := make(Payload)
		for k, v := range c.in {
			p[k] = v
		}
		p.settleMemory(c.b, c.now)
		delete(p, "ram")
		got := make(limits)
		for k := range p {
			got[k], _ = p.num(k)
		}
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
