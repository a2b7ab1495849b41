package vnic

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
)

// zoneLinks is what a zone has in the kernel. It is written before the first
// link is made and removed after the last is gone, so that Detach knows what to
// look for after any crash, and a zone without links costs nothing.
type zoneLinks struct {
	NICs   []zoneNIC `json:"nics"`
	Routes []Route   `json:"routes,omitempty"`
}

// zoneNIC is a nic as it was made, random MAC and all.
type zoneNIC struct {
	NIC    `json:"nic"`
	Kernel string `json:"kernel"` // the host's end; of a macvlan, its name on the way in
	// Switches are what the nic is on and must be removed with the last that is.
	Switches []string `json:"switches,omitempty"`
	// Guarded is the bridge of ours that it is on, which keeps it from the host.
	Guarded string `json:"guarded,omitempty"`
	Lease   *lease `json:"lease,omitempty"`

	up     *uplink      // while it is being made: what it lies over,
	bridge netlink.Link // its switch,
	host   netlink.Link // and the host's end; none of a macvlan
}

func (h *Host) zoneFile(zone string) (string, error) {
	if zone == "" || zone[0] == '.' || strings.ContainsAny(zone, "/ \n\x00") {
		return "", fmt.Errorf("zone name %q cannot be part of a path", zone)
	}
	return filepath.Join(h.root.Run(), "links", zone+".json"), nil
}

// loadZone is nil, nil when the zone has no links.
func (h *Host) loadZone(zone string) (*zoneLinks, error) {
	path, err := h.zoneFile(zone)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	z := new(zoneLinks)
	if err := json.Unmarshal(data, z); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return z, nil
}

func (h *Host) storeZone(zone string, z *zoneLinks) error {
	path, err := h.zoneFile(zone)
	if err != nil {
		return err
	}
	data, err := json.Marshal(z)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	tmp := path + ".new" // not synced: a power cut ends the zone too
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func (h *Host) forgetZone(zone string) error {
	path, err := h.zoneFile(zone)
	if err != nil {
		return err
	}
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// find is the nic of that name, nil when there is none.
func (z *zoneLinks) find(nic string) *zoneNIC {
	for i := range z.NICs {
		if z.NICs[i].Name == nic {
			return &z.NICs[i]
		}
	}
	return nil
}

// waits reports whether a nic still hopes for its first lease.
func (z *zoneLinks) waits() bool {
	return slices.ContainsFunc(z.NICs, func(n zoneNIC) bool { return n.DHCP && n.Lease == nil })
}

// networks are the addresses of the nic with their prefixes, the leased one too.
func (n *zoneNIC) networks() []netip.Prefix {
	if n.Lease == nil {
		return n.Addrs
	}
	return append(slices.Clip(n.Addrs), n.Lease.Addr)
}

// resolvers of all leases.
func (z *zoneLinks) resolvers() []netip.Addr {
	var all []netip.Addr
	for _, n := range z.NICs {
		if n.Lease == nil {
			continue
		}
		for _, r := range n.Lease.Resolvers {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	return all
}

// uses reports whether a nic of the zone is on the switch.
func (z *zoneLinks) uses(name string) bool {
	return slices.ContainsFunc(z.NICs, func(n zoneNIC) bool { return slices.Contains(n.Switches, name) })
}
