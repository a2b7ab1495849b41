package vnic

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Where things stand in a frame.
const (
	frame  = expr.PayloadBaseLLHeader
	packet = expr.PayloadBaseNetworkHeader
	above  = expr.PayloadBaseTransportHeader

	frameSource = 6
	frameType   = 12
	arpSender   = 8
	arpSenderIP = 14
	ipv4Source  = 12
	ipv4Dest    = 16
	ipv6Source  = 8
	ipv6IID     = 16 // low half of the source
	ndTarget    = 8
)

// normal is nic with what its flags imply.
func (n NIC) normal() NIC {
	if n.AllowDHCPSpoof {
		n.AllowIPSpoof = true
	}
	return n
}

// protect writes the rules for what nic's zone sends, as it arrives at the
// host's end.
func protect(conn *nftables.Conn, table *nftables.Table, n *zoneNIC) error {
	nic := &n.NIC
	c := openChain(conn, table, nic.Name, n.Kernel)
	allowed := n.sources()
	v4, err := c.addrSet(nic.Name+"_ip4", nftables.TypeIPAddr, rangesOf(allowed, true))
	if err != nil {
		return err
	}
	v6, err := c.addrSet(nic.Name+"_ip6", nftables.TypeIP6Addr, rangesOf(allowed, false))
	if err != nil {
		return err
	}
	c.ether(nic)
	c.arp(nic, v4)
	if err := c.blockPorts(nic); err != nil {
		return err
	}
	if !nic.AllowDHCPSpoof {
		c.noServers(nic)
	}
	c.ipv4(nic, v4)
	c.ipv6(nic, v6)
	return nil
}

// sources are the addresses that may stand in the sender's place.
func (n *zoneNIC) sources() []netip.Prefix {
	var all []netip.Prefix
	for _, p := range n.networks() {
		all = append(all, single(p.Addr()))
	}
	return append(all, n.Allowed...)
}

// ether checks the sender's hardware address and what the frame carries. The
// kernel hides an outer VLAN tag from most tests, so the frame's own type is
// looked at.
func (c *chain) ether(nic *NIC) {
	if !nic.AllowMACSpoof {
		c.drop(isNot(frame, frameSource, nic.MAC...))
	}
	if !nic.AllowRestricted {
		c.drop(is(frame, frameType, 0x81, 0x00))
		c.drop(is(frame, frameType, 0x88, 0xa8))
		return
	}
	if !nic.AllowIPSpoof { // a second tag would hide addresses
		c.drop(protocol(expr.CmpOpEq, unix.ETH_P_8021Q))
		c.drop(protocol(expr.CmpOpEq, unix.ETH_P_8021AD))
	}
	c.accept(protocol(expr.CmpOpNeq, etherIPv4), protocol(expr.CmpOpNeq, etherIPv6), protocol(expr.CmpOpNeq, etherARP))
}

// arp lets a zone speak for its own addresses only; 0.0.0.0 probes.
func (c *chain) arp(nic *NIC, v4 *nftables.Set) {
	isARP := protocol(expr.CmpOpEq, etherARP)
	c.drop(isARP, isNot(packet, 0, 0, 1, 8, 0, 6, 4)) // Ethernet and IPv4
	if !nic.AllowMACSpoof {
		c.drop(isARP, isNot(packet, arpSender, nic.MAC...))
	}
	if !nic.AllowIPSpoof {
		c.drop(isARP, isNot(packet, arpSenderIP, 0, 0, 0, 0), notIn(packet, arpSenderIP, 4, v4))
	}
	c.accept(isARP)
}

func (c *chain) blockPorts(nic *NIC) error {
	if len(nic.BlockedPorts) == 0 {
		return nil
	}
	ports, err := parsePorts(nic.BlockedPorts)
	if err != nil {
		return err
	}
	for _, proto := range []byte{unix.IPPROTO_TCP, unix.IPPROTO_UDP, unix.IPPROTO_SCTP} {
		set, err := c.portSet(ports)
		if err != nil {
			return err
		}
		c.drop(transport(proto), in(above, 2, 2, set))
	}
	return nil
}

// noServers drops what would configure the neighbours: answers of a DHCP
// server, router advertisements and redirects. A zone that may use any address
// is a router and may advertise itself.
func (c *chain) noServers(nic *NIC) {
	c.drop(protocol(expr.CmpOpEq, etherIPv4), transport(unix.IPPROTO_UDP), is(above, 0, ports(67, 68)...))
	c.drop(protocol(expr.CmpOpEq, etherIPv6), transport(unix.IPPROTO_UDP), is(above, 0, ports(547, 546)...))
	if !nic.AllowIPSpoof {
		c.drop(protocol(expr.CmpOpEq, etherIPv6), transport(unix.IPPROTO_ICMPV6), is(above, 0, icmpRouterAdvertisement))
		c.drop(protocol(expr.CmpOpEq, etherIPv6), transport(unix.IPPROTO_ICMPV6), is(above, 0, icmpRedirect))
	}
}

func ports(source, dest uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, source), dest)
}

func (c *chain) ipv4(nic *NIC, v4 *nftables.Set) {
	isIPv4 := protocol(expr.CmpOpEq, etherIPv4)
	if nic.AllowIPSpoof {
		c.accept(isIPv4)
		return
	}
	c.accept(isIPv4, in(packet, ipv4Source, 4, v4))
	if nic.DHCP {
		c.accept(isIPv4, is(packet, ipv4Source, 0, 0, 0, 0, 255, 255, 255, 255),
			transport(unix.IPPROTO_UDP), is(above, 0, ports(68, 67)...))
	}
}

const (
	icmpRouterSolicitation    = 133
	icmpRouterAdvertisement   = 134
	icmpNeighbourSolicitation = 135
	icmpNeighbourAdvert       = 136
	icmpRedirect              = 137
	icmpMLD2Report            = 143
)

// ipv6 allows the nic's addresses, the link-local one that its MAC makes, with
// addrconf every address that its MAC makes, and what a node must say before
// it has an address.
func (c *chain) ipv6(nic *NIC, v6 *nftables.Set) {
	isIPv6 := protocol(expr.CmpOpEq, etherIPv6)
	if nic.AllowIPSpoof {
		c.accept(isIPv6)
		return
	}
	iid := interfaceID(nic.MAC)
	isAdvert := append(transport(unix.IPPROTO_ICMPV6), is(above, 0, icmpNeighbourAdvert)...)
	c.drop(isIPv6, isAdvert, notIn(above, ndTarget, 16, v6), isNot(above, ndTarget+8, iid...))
	if nic.Addrconf {
		c.accept(isIPv6, is(packet, ipv6IID, iid...))
	}
	c.accept(isIPv6, is(packet, ipv6Source, linkLocal(nic.MAC)...))
	c.accept(isIPv6, in(packet, ipv6Source, 16, v6))
	for _, kind := range []byte{icmpNeighbourSolicitation, icmpRouterSolicitation, icmpMLD2Report} {
		c.accept(isIPv6, is(packet, ipv6Source, make([]byte, 16)...), transport(unix.IPPROTO_ICMPV6), is(above, 0, kind))
	}
}

// interfaceID is the low half of the addresses that IPv6 makes of a MAC.
func interfaceID(mac net.HardwareAddr) []byte {
	return []byte{mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]}
}

func linkLocal(mac net.HardwareAddr) []byte {
	return append([]byte{0xfe, 0x80, 0, 0, 0, 0, 0, 0}, interfaceID(mac)...)
}

func parsePorts(words []string) ([]uint16, error) {
	seen := map[uint16]bool{}
	var all []uint16
	for _, word := range words {
		n, err := strconv.ParseUint(word, 10, 16)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("blocked outgoing port %q is not a port number", word)
		}
		if !seen[uint16(n)] {
			seen[uint16(n)] = true
			all = append(all, uint16(n))
		}
	}
	return all, nil
}
