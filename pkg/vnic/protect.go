package vnic

import (
	"fmt"

	"github.com/google/nftables"
)

func (h *Host) zoneTable(zone string) string {
	return h.root.KernelName("smartbox") + ".zone." + zone
}

// protectAll puts the rules of all nics in force in one transaction, replacing
// those that are there, and those that guard the switches that they are on:
// somebody may have flushed all rules of the host.
func (h *Host) protectAll(zone string, z *zoneLinks) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	table := netdevTable(conn, h.zoneTable(zone))
	for i := range z.NICs {
		if z.NICs[i].Macvlan {
			continue
		}
		if bridge := z.NICs[i].Guarded; bridge != "" {
			h.guard(conn, bridge)
		}
		if err := protect(conn, table, &z.NICs[i]); err != nil {
			return fmt.Errorf("nic %s: %w", z.NICs[i].Name, err)
		}
	}
	if err := commit(conn); err != nil {
		return fmt.Errorf("protect the links of zone %s: %w", zone, err)
	}
	return nil
}
