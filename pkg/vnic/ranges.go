package vnic

import (
	"net/netip"
	"slices"
)

// rangesOf turns prefixes of one family into sorted ranges that neither touch
// nor overlap.
func rangesOf(prefixes []netip.Prefix, v4 bool) []addrRange {
	var ranges []addrRange
	for _, p := range prefixes {
		if p.IsValid() && p.Addr().Unmap().Is4() == v4 {
			ranges = append(ranges, rangeOf(p))
		}
	}
	slices.SortFunc(ranges, func(a, b addrRange) int { return a.from.Compare(b.from) })
	var merged []addrRange
	for _, r := range ranges {
		if n := len(merged); n > 0 && !isApart(merged[n-1], r) {
			if merged[n-1].to.Less(r.to) {
				merged[n-1].to = r.to
			}
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

// isApart reports whether there is an address between a and b, which begins no
// earlier.
func isApart(a, b addrRange) bool {
	next := a.to.Next()
	return next.IsValid() && next.Less(b.from)
}

func rangeOf(p netip.Prefix) addrRange {
	addr, bits := p.Addr(), p.Bits()
	if addr.Is4In6() {
		addr, bits = addr.Unmap(), max(bits-96, 0)
	}
	p = netip.PrefixFrom(addr.WithZone(""), bits).Masked()
	last := p.Addr().AsSlice()
	for i := p.Bits(); i < len(last)*8; i++ {
		last[i/8] |= 0x80 >> (i % 8)
	}
	to, _ := netip.AddrFromSlice(last)
	return addrRange{p.Addr(), to}
}

// single is the prefix that holds addr alone.
func single(addr netip.Addr) netip.Prefix {
	return netip.PrefixFrom(addr, addr.BitLen())
}
