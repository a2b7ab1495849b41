package vnic

import (
	"context"
	"net/netip"
	"testing"
)

const (
	tcp, udp, icmpv6, hopByHop = 6, 17, 58, 0
	typeIPv4, typeIPv6         = 0x0800, 0x86dd
	typeARP, typeVLAN, typeQ   = 0x0806, 0x8100, 0x88a8
	typeOdd                    = 0x88b5
	slaac                      = "fd00:9::8:20ff:fe00:a" // what macA makes of the prefix
	linkLocalA                 = "fe80::8:20ff:fe00:a"
	linkLocalX                 = "fe80::8:20ff:fe00:ee"
)

// frames is every kind of frame that filters tell apart.
func frames(t testing.TB) map[string][]byte {
	tag5 := be16(5)
	a4 := ip4("10.9.0.1", udp, transportHeader(1000, 2000))
	x4 := ip4("10.9.0.66", udp, transportHeader(1000, 2000))
	return map[string][]byte{
		"ipv4":               ether(t, macA, typeIPv4, a4),
		"ipv4 of other":      ether(t, macA, typeIPv4, x4),
		"ipv4 in allowed":    ether(t, macA, typeIPv4, ip4("192.168.7.7", udp, transportHeader(1, 2))),
		"mac of other":       ether(t, macX, typeIPv4, a4),
		"arp":                ether(t, macA, typeARP, arp(t, macA, "10.9.0.1")),
		"arp probe":          ether(t, macA, typeARP, arp(t, macA, "0.0.0.0")),
		"arp of other ip":    ether(t, macA, typeARP, arp(t, macA, "10.9.0.66")),
		"arp of other mac":   ether(t, macA, typeARP, arp(t, macX, "10.9.0.1")),
		"arp of other kind":  ether(t, macA, typeARP, []byte{0, 6, 8, 0, 8, 4, 0, 1}, make([]byte, 24)),
		"vlan ipv4":          ether(t, macA, typeVLAN, tag5, be16(typeIPv4), a4),
		"vlan ipv4 of other": ether(t, macA, typeVLAN, tag5, be16(typeIPv4), x4),
		"vlan arp of other":  ether(t, macA, typeVLAN, tag5, be16(typeARP), arp(t, macA, "10.9.0.66")),
		"vlan twice":         ether(t, macA, typeQ, tag5, be16(typeVLAN), tag5, be16(typeIPv4), x4),
		"odd type":           ether(t, macA, typeOdd, make([]byte, 40)),
		"dhcp ask":           ether(t, macA, typeIPv4, ip4("0.0.0.0", udp, transportHeader(68, 67))),
		"no address":         ether(t, macA, typeIPv4, ip4("0.0.0.0", udp, transportHeader(1000, 67))),
		"dhcp answer":        ether(t, macA, typeIPv4, ip4("10.9.0.1", udp, transportHeader(67, 68))),
		"dhcp6 answer":       ether(t, macA, typeIPv6, ip6(linkLocalA, udp, transportHeader(547, 546))),
		"ipv6":               ether(t, macA, typeIPv6, ip6("fd00:9::1", udp, transportHeader(1, 2))),
		"ipv6 link local":    ether(t, macA, typeIPv6, ip6(linkLocalA, udp, transportHeader(1, 2))),
		"ipv6 ll of other":   ether(t, macA, typeIPv6, ip6(linkLocalX, udp, transportHeader(1, 2))),
		"ipv6 of other":      ether(t, macA, typeIPv6, ip6("fd00:9::66", udp, transportHeader(1, 2))),
		"ipv6 slaac":         ether(t, macA, typeIPv6, ip6(slaac, udp, transportHeader(1, 2))),
		"ipv6 unspecified":   ether(t, macA, typeIPv6, ip6("::", udp, transportHeader(1, 2))),
		"nd probe":           ether(t, macA, typeIPv6, ip6("::", icmpv6, icmp6(135, "fd00:9::1"))),
		"na":                 ether(t, macA, typeIPv6, ip6("fd00:9::1", icmpv6, icmp6(136, "fd00:9::1"))),
		"na link local":      ether(t, macA, typeIPv6, ip6(linkLocalA, icmpv6, icmp6(136, linkLocalA))),
		"na of other":        ether(t, macA, typeIPv6, ip6("fd00:9::1", icmpv6, icmp6(136, "fd00:9::66"))),
		"na of other hidden": ether(t, macA, typeIPv6, ip6("fd00:9::1", hopByHop, hop(icmpv6), icmp6(136, "fd00:9::66"))),
		"ra":                 ether(t, macA, typeIPv6, ip6(linkLocalA, icmpv6, icmp6(134, "::"))),
		"redirect":           ether(t, macA, typeIPv6, ip6(linkLocalA, icmpv6, icmp6(137, "fd00:9::1"))),
		"tcp 25":             ether(t, macA, typeIPv4, ip4("10.9.0.1", tcp, transportHeader(1000, 25))),
		"udp 25":             ether(t, macA, typeIPv4, ip4("10.9.0.1", udp, transportHeader(1000, 25))),
		"tcp 25 over ipv6":   ether(t, macA, typeIPv6, ip6("fd00:9::1", tcp, transportHeader(1000, 25))),
		"tcp 25 hidden":      ether(t, macA, typeIPv6, ip6("fd00:9::1", hopByHop, hop(tcp), transportHeader(1000, 25))),
		"tcp 26":             ether(t, macA, typeIPv4, ip4("10.9.0.1", tcp, transportHeader(1000, 26))),
		"tcp from 25":        ether(t, macA, typeIPv4, ip4("10.9.0.1", tcp, transportHeader(25, 1000))),
	}
}

// honest is what a nic with two addresses may send.
var honest = []string{
	"ipv4", "arp", "arp probe", "ipv6", "ipv6 link local", "nd probe", "na", "na link local",
	"tcp 25", "udp 25", "tcp 25 over ipv6", "tcp 25 hidden", "tcp 26", "tcp from 25",
}

var filterCases = []struct {
	name    string
	change  func(*NIC)
	more    []string // passes beside what is honest
	without []string // does not pass although honest
}{
	{"default", func(*NIC) {}, nil, nil},
	{"allowed ips", func(n *NIC) { n.Allowed = []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")} }, []string{"ipv4 in allowed"}, nil},
	{"dhcp", func(n *NIC) { n.DHCP = true }, []string{"dhcp ask"}, nil},
	{"addrconf", func(n *NIC) { n.Addrconf = true }, []string{"ipv6 slaac"}, nil},
	{
		"blocked ports", func(n *NIC) { n.BlockedPorts = []string{"25", "26"} }, nil,
		[]string{"tcp 25", "udp 25", "tcp 25 over ipv6", "tcp 25 hidden", "tcp 26"},
	},
	{"ip spoof", func(n *NIC) { n.AllowIPSpoof = true }, []string{
		"ipv4 of other", "ipv4 in allowed", "arp of other ip",
		"no address", "dhcp ask", "ipv6 of other", "ipv6 ll of other", "ipv6 slaac", "ipv6 unspecified", "na of other",
		"na of other hidden", "ra", "redirect",
	}, nil},
	{"mac spoof", func(n *NIC) { n.AllowMACSpoof = true }, []string{"mac of other", "arp of other mac"}, nil},
	{"restricted", func(n *NIC) { n.AllowRestricted = true }, []string{"odd type", "vlan ipv4"}, nil},
	{"dhcp spoof", func(n *NIC) { n.AllowDHCPSpoof = true }, []string{
		"dhcp answer", "dhcp6 answer", "ipv4 of other",
		"ipv4 in allowed", "arp of other ip", "no address", "dhcp ask", "ipv6 of other", "ipv6 ll of other", "ipv6 slaac",
		"ipv6 unspecified", "na of other", "na of other hidden", "ra", "redirect",
	}, nil},
}

func protectedNIC(t testing.TB) NIC {
	n := nic("stub0", "10.9.0.1/24", "fd00:9::1/64")
	n.MAC = mac(t, macA)
	return n
}

// Each kind of lie is dropped at the host's end, whatever the zone's root does,
// and each flag allows its own lies only.
func TestProtection(t *testing.T) {
	h := newHost(t)
	h.patience = 0
	etherstub(t, h, "stub0")
	b := attach(t, h, "b", []NIC{nic("stub0", "10.9.0.2/24")})
	in := wire(t, b, "net0")
	for _, test := range filterCases {
		t.Run(test.name, func(t *testing.T) {
			n := protectedNIC(t)
			test.change(&n)
			a := attach(t, h, "a", []NIC{n})
			checkFrames(t, wire(t, a, "net0"), in, test.more, test.without)
		})
	}
}

// Update changes all of it live, both ways.
func TestUpdate_protection(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	a := attach(t, h, "a", []NIC{protectedNIC(t)})
	b := attach(t, h, "b", []NIC{nic("stub0", "10.9.0.2/24")})
	out, in := wire(t, a, "net0"), wire(t, b, "net0")
	for _, test := range filterCases {
		if test.name == "dhcp" || test.name == "addrconf" {
			continue // from the next boot on
		}
		n := protectedNIC(t)
		test.change(&n)
		must(t, h.Update(context.Background(), "a", a.File, []NIC{n}, nil))
		checkFrames(t, out, in, test.more, test.without)
	}
	must(t, h.Update(context.Background(), "a", a.File, []NIC{protectedNIC(t)}, nil))
	checkFrames(t, out, in, nil, nil)
}

func checkFrames(t *testing.T, out, in int, more, without []string) {
	t.Helper()
	all := frames(t)
	want := map[string]bool{}
	for _, name := range append(honest, more...) {
		want[name] = true
	}
	for _, name := range without {
		delete(want, name)
	}
	for name := range want {
		if all[name] == nil {
			t.Fatalf("no frame %q", name)
		}
	}
	for name, frame := range all {
		if got := arrives(t, out, in, frame); got != want[name] {
			t.Errorf("%s: arrives %v, want %v", name, got, want[name])
		}
	}
}

// What the zone's root can do to its own end does not help it.
func TestProtection_outOfReachOfTheZonesRoot(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	a := attach(t, h, "a", []NIC{protectedNIC(t)})
	attach(t, h, "b", []NIC{nic("stub0", "10.9.0.2/24")})
	a.reaches("10.9.0.2")
	if out := a.must("nft", "list", "ruleset"); out != "" {
		t.Errorf("the zone sees filters: %s", out)
	}
	a.must("ip", "link", "set", "net0", "down")
	a.must("ip", "link", "set", "net0", "address", macX)
	a.must("ip", "link", "set", "net0", "up")
	a.reachesNot("10.9.0.2")
}
