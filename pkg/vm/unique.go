package vm

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// errConflict is the original's text for an address that another machine has.
var errConflict = worded("Conflict detected with another vm, please check the MAC, IP, and VRID")

// addressing runs f while no other command gives out uuids and addresses.
func (h *Host) addressing(ctx context.Context, f func() error) error {
	l, err := lock.Wait(ctx, filepath.Join(h.root.Run(), "locks", "addresses"))
	if err != nil {
		return err
	}
	return errors.Join(f(), l.Unlock())
}

// unique checks that no other machine has the uuid or an address of one that is
// made or changed. The caller is addressing.
func (h *Host) unique(c *zone.Config) error {
	all, err := h.zones.List()
	if err != nil {
		h.log.Warn("list zones", "error", err)
	}
	mine := addresses(c)
	for _, other := range all {
		if other.Name == c.Name {
			continue
		}
		if other.Config.UUID == c.UUID {
			return fmt.Errorf("vm with UUID %s already exists, as zone %s", c.UUID, other.Name)
		}
		if _, failed := attr(other.Config, "failed"); failed {
			continue
		}
		for key := range addresses(other.Config) {
			if mine[key] {
				return fmt.Errorf("%w (%s is that of %s)", errConflict, key, other.Name)
			}
		}
	}
	return nil
}

// addresses are the keys that no two machines may share: MACs, and IPs and
// VRIDs on the same network.
func addresses(c *zone.Config) map[string]bool {
	keys := make(map[string]bool)
	for _, n := range nicsOf(c) {
		vlan, _ := n["vlan_id"].(int64)
		where := fmt.Sprintf(" on %s vlan %d", n.str("nic_tag"), vlan)
		vrid, isRouter := n["vrrp_vrid"].(int64)
		if isRouter && vrid > 0 {
			keys[fmt.Sprintf("VRID %d%s", vrid, where)] = true
		}
		keys["MAC "+n.str("mac")] = true
		for _, ip := range n.list("ips") {
			if ip != "dhcp" && ip != "addrconf" {
				keys["IP "+ip+where] = true
			}
		}
	}
	return keys
}
