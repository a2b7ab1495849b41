// Package vnic makes links: etherstubs, vnics in zones, nic tags, and what
// hangs on them (addresses, routes, later flows and protection). Names of
// links are dladm's, in a table of our own; the kernel's names are generated.
// It knows no zone configuration and no command line.
package vnic

import (
	"net"
	"net/netip"
)

// NIC is one interface that a zone gets: plain data, made real by
// (*Host).Attach before the zone's init runs.
type NIC struct {
	Name     string           // inside the zone: net0, eth0
	Over     string           // nic tag, etherstub or physical link
	MAC      net.HardwareAddr // nil: random with the OUI 02:08:20
	VLAN     int              // 0: none
	MTU      int              // 0: that of Over
	Primary  bool             // its gateway is the default route
	Addrs    []netip.Prefix
	DHCP     bool           // ask a server for an IPv4 address
	Addrconf bool           // take IPv6 addresses from router advertisements
	Gateways []netip.Addr   // used when Primary
	Macvlan  bool           // by explicit choice: no protection there
	Allowed  []netip.Prefix // beside Addrs, may be source addresses

	// Protection, on by default as vmadm does it.
	AllowIPSpoof, AllowMACSpoof, AllowDHCPSpoof, AllowRestricted bool
	BlockedPorts                                                 []string // outgoing
}

// Route is a static route of a zone.
type Route struct {
	Dest    netip.Prefix
	Gateway netip.Addr // or
	Link    string     // the NIC it goes out by
}
