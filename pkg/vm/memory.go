package vm

import "math"

// minSwap is the least max_swap, MiB.
const minSwap = 256

// maxShares is the most cpu_shares that illumos knows.
const maxShares = 65535

// memory are a machine's memory limits, MiB; known says whether it has any.
type memory struct {
	phys, locked, swap, tmpfs int64
	known, hasTmpfs           bool
}

// settleMemory completes the memory limits in a settled payload. now is what
// the machine has (zero for a new one): limits that are not given keep their
// distance to max_physical_memory, tmpfs its ratio.
func (p Payload) settleMemory(b Brand, now memory) {
	if shares, ok := p.num("cpu_shares"); ok {
		p["cpu_shares"] = min(shares, maxShares)
	}
	if ram, ok := p.num("ram"); ok {
		p.fallback("max_physical_memory", ram+b.Overhead())
	}
	phys, changed := p.num("max_physical_memory")
	if changed && b.HVM() {
		if ram, ok := p.num("ram"); ok {
			phys = max(phys, ram+256)
			p["max_physical_memory"] = phys
		}
	}
	if !changed {
		phys = now.phys
	} else {
		p.follow(phys, now, b)
	}
	p.clamp(phys)
}

// follow fills in the limits that depend on a new max_physical_memory.
func (p Payload) follow(phys int64, now memory, b Brand) {
	if !now.known {
		p.fallback("max_locked_memory", phys)
		p.fallback("max_swap", phys)
		if !b.HVM() {
			p.fallback("tmpfs", phys)
		}
		return
	}
	p.fallback("max_locked_memory", phys-(now.phys-now.locked))
	swap := phys + now.swap - now.phys
	if now.swap == minSwap && now.phys <= minSwap && phys >= minSwap {
		swap = phys
	}
	p.fallback("max_swap", swap)
	if now.hasTmpfs && now.phys > 0 {
		ratio := float64(now.tmpfs) / float64(now.phys)
		p.fallback("tmpfs", int64(math.Round(float64(phys)*ratio)))
	}
}

// clamp keeps the limits in order: locked and tmpfs at most phys, swap at least.
func (p Payload) clamp(phys int64) {
	if locked, ok := p.num("max_locked_memory"); ok {
		p["max_locked_memory"] = max(0, min(locked, phys))
	}
	if tmpfs, ok := p.num("tmpfs"); ok {
		p["tmpfs"] = min(tmpfs, phys)
	}
	if swap, ok := p.num("max_swap"); ok {
		p["max_swap"] = max(swap, phys, minSwap)
	}
}
