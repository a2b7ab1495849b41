package vm

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// settleNICs gives the nics of a machine their names and exactly one primary.
func settleNICs(nics []nic, b Brand) error {
	if err := distinct(nics); err != nil {
		return err
	}
	taken := make(map[string]bool)
	for _, n := range nics {
		if name := n.str("interface"); name != "" {
			if taken[name] {
				return worded("Cannot add multiple NICs with the same interface: %s", name)
			}
			taken[name] = true
		}
	}
	for _, n := range nics {
		if n.str("interface") != "" {
			continue
		}
		i := 0
		for taken[b.Link(i)] {
			i++
		}
		n["interface"] = b.Link(i)
		taken[b.Link(i)] = true
	}
	return settlePrimary(nics)
}

func distinct(nics []nic) error {
	seen := make(map[string]bool)
	for _, n := range nics {
		keys := []string{"MAC: " + n.str("mac")}
		for _, ip := range n.list("ips") {
			if ip != "dhcp" && ip != "addrconf" {
				keys = append(keys, "IP: "+ip)
			}
		}
		if vrid, ok := n["vrrp_vrid"].(int64); ok && vrid > 0 {
			keys = append(keys, fmt.Sprintf("VRID: %d", vrid))
		}
		for _, key := range keys {
			if seen[key] {
				return worded("Cannot add multiple NICs with the same %s", key)
			}
			seen[key] = true
		}
	}
	return nil
}

func settlePrimary(nics []nic) error {
	primaries := 0
	for _, n := range nics {
		if n.truth("primary") {
			primaries++
		} else {
			delete(n, "primary")
		}
	}
	switch {
	case primaries > 1:
		return errors.New("payload specifies more than 1 primary NIC")
	case primaries == 0 && len(nics) > 0:
		nics[0]["primary"] = true
	}
	return nil
}

// electPrimary chooses a new primary after the old one was removed: the lowest
// public address, else the lowest of any.
func electPrimary(nics []nic) {
	if slices.ContainsFunc(nics, func(n nic) bool { return n.truth("primary") }) || len(nics) == 0 {
		return
	}
	best, bestAddr := nics[0], netip.Addr{}
	for _, n := range nics {
		addr, ok := n.address()
		if ok && betterPrimary(addr, bestAddr) {
			best, bestAddr = n, addr
		}
	}
	best["primary"] = true
}

func betterPrimary(a, b netip.Addr) bool {
	if !b.IsValid() {
		return true
	}
	if a.IsPrivate() != b.IsPrivate() {
		return b.IsPrivate()
	}
	return a.Less(b)
}
