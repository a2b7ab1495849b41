package vnic

import (
	"context"
	"os"
)

// Update applies to a running zone's links what can change live: protection,
// allowed addresses, blocked ports, gateways, and (zone-wide) routes. Nics that
// the zone does not have yet wait for its next boot.
func (h *Host) Update(ctx context.Context, zone string, netns *os.File, nics []NIC, routes []Route) error {
	l, err := h.lockTable(ctx)
	if err != nil {
		return err
	}
	defer l.Unlock()
	z, err := h.loadZone(zone)
	if err != nil {
		return err
	}
	if z == nil {
		z = &zoneLinks{}
	}
	z.Routes = routes
	for _, nic := range nics {
		if n := z.find(nic.Name); n != nil {
			n.change(nic.normal())
		}
	}
	if len(z.NICs) > 0 {
		if err := h.storeZone(zone, z); err != nil {
			return err
		}
		if err := h.protectAll(zone, z); err != nil {
			return err
		}
	}
	return inside(netns, func() error {
		rt, err := openRTNL()
		if err != nil {
			return err
		}
		defer rt.Close()
		return z.syncRoutes(rt)
	})
}

// change takes over what can change live.
func (n *zoneNIC) change(to NIC) {
	n.Primary, n.Gateways, n.Allowed, n.BlockedPorts = to.Primary, to.Gateways, to.Allowed, to.BlockedPorts
	n.AllowIPSpoof, n.AllowMACSpoof = to.AllowIPSpoof, to.AllowMACSpoof
	n.AllowDHCPSpoof, n.AllowRestricted = to.AllowDHCPSpoof, to.AllowRestricted
}
