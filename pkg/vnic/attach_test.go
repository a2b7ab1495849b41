package vnic

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

func TestAttach_zonesOnAnEtherstubReachEachOther(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	a := attach(t, h, "a", []NIC{nic("stub0", "10.9.0.1/24", "fd00:9::1/64")})
	b := attach(t, h, "b", []NIC{nic("stub0", "10.9.0.2/24", "fd00:9::2/64")})
	a.reaches("10.9.0.2")
	a.reaches("fd00:9::2")
	b.reaches("10.9.0.1")
	a.reaches("127.0.0.1")
	if out := a.must("ip", "-br", "link", "show", "net0"); !strings.Contains(out, "02:08:20:") {
		t.Errorf("no generated address: %s", out)
	}
	if out := a.must("ip", "link", "show", "net0"); !strings.Contains(out, "mtu 9000") {
		t.Errorf("not the mtu of the etherstub: %s", out)
	}
}

// Addresses can be used at once: nothing waits for duplicate address detection
// or for a switch that learns of its port later.
func TestAttach_isUsableAtOnce(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	attach(t, h, "b", []NIC{nic("stub0", "fd00:9::2/64")})
	for range 5 {
		a := attach(t, h, "a", []NIC{nic("stub0", "10.9.0.1/24", "fd00:9::1/64")})
		if out := a.must("ip", "-6", "addr", "show", "tentative", "scope", "global"); out != "" {
			t.Errorf("tentative: %s", out)
		}
		if out, ok := a.run("ping", "-n", "-c1", "-W1", "fd00:9::2"); !ok {
			t.Errorf("the first packet got lost: %s", out)
		}
	}
}

func TestAttach_withoutNICs(t *testing.T) {
	h := newHost(t)
	z := attach(t, h, "a", nil)
	z.reaches("127.0.0.1")
	if _, err := os.Stat(h.root.Run()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a zone without links left %s: %v", h.root.Run(), err)
	}
}

// A nic without IPv6 says and hears none of it.
func TestAttach_withoutIPv6(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	z := attach(t, h, "a", []NIC{nic("stub0", "10.9.0.1/24")})
	if out := z.must("ip", "-6", "addr", "show", "dev", "net0"); out != "" {
		t.Errorf("IPv6 unasked: %s", out)
	}
	if out := z.must("cat", "/proc/sys/net/ipv6/conf/net0/accept_ra"); out != "0\n" {
		t.Errorf("listens to routers: %s", out)
	}
}

// The host is no party on an etherstub: neither its addresses there nor those
// elsewhere answer, although Linux would answer for any of them on any link.
func TestAttach_zonesDoNotReachTheHost(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	near, _ := cable(t, "ext0")
	rt, err := openRTNL()
	must(t, err)
	defer rt.Close()
	must(t, rt.LinkSetUp(near))
	must(t, addAddr(rt, near, netip.MustParsePrefix("10.9.0.77/24")))
	z := attach(t, h, "a", []NIC{nic("stub0", "10.9.0.1/24")})
	z.reachesNot("10.9.0.77")
	bridge, err := rt.LinkByName(kernelName(h.root, classBridge, "stub0"))
	must(t, err)
	z.must("ip", "neigh", "replace", "10.9.0.77", "lladdr", bridge.Attrs().HardwareAddr.String(), "dev", "net0")
	z.reachesNot("10.9.0.77")
	// A vnic of its own is how the host takes part.
	must(t, h.CreateVNIC(context.Background(), "host0", VNIC{Over: "stub0"}, CreateOptions{}))
	t.Cleanup(func() { must(t, h.DeleteVNIC(context.Background(), "host0", CreateOptions{})) })
	t2, err := h.loadTable()
	must(t, err)
	r, _ := t2.find("host0")
	host0, err := rt.LinkByName(r.Kernel)
	must(t, err)
	must(t, addAddr(rt, host0, netip.MustParsePrefix("10.9.1.1/24")))
	y := attach(t, h, "b", []NIC{nic("stub0", "10.9.1.2/24")})
	y.reaches("10.9.1.1")
}

// VLANs of one etherstub are apart, with and without tags of the zone's own.
func TestAttach_vlansAreApart(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	on := func(zone string, vid int, addr string) testZone {
		n := nic("stub0", addr)
		n.VLAN = vid
		return attach(t, h, zone, []NIC{n})
	}
	a, b := on("a", 5, "10.9.0.1/24"), on("b", 6, "10.9.0.2/24")
	on("c", 0, "10.9.0.3/24")
	on("d", 5, "10.9.0.4/24")
	a.reachesNot("10.9.0.2")
	a.reachesNot("10.9.0.3")
	a.reaches("10.9.0.4")
	b.reachesNot("10.9.0.4")
}

// Two roots may use the same names; neither sees the other's links.
func TestAttach_rootsAreApart(t *testing.T) {
	one, two := newHost(t), newHost(t)
	etherstub(t, one, "stub0")
	etherstub(t, two, "stub0")
	a := attach(t, one, "a", []NIC{nic("stub0", "10.9.0.1/24")})
	attach(t, one, "b", []NIC{nic("stub0", "10.9.0.2/24")})
	x := attach(t, two, "a", []NIC{nic("stub0", "10.9.0.3/24")})
	a.reachesNot("10.9.0.3")
	must(t, two.Detach(context.Background(), "a"))
	a.reaches("10.9.0.2")
	x.reachesNot("10.9.0.1")
	links, err := two.Links()
	must(t, err)
	for _, l := range links {
		if l.Zone != "" {
			t.Errorf("root two sees zone %s of root one", l.Zone)
		}
	}
}

func TestAttach_failsWhole(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	good := nic("stub0", "10.9.0.1/24")
	for want, bad := range map[string]func(*NIC){
		`invalid nic tag "nosuch"`: func(n *NIC) { n.Over = "nosuch" },
		"interface name":           func(n *NIC) { n.Name = "../net1" },
		"nic net0 is there twice":  func(n *NIC) { n.Name = "net0" },
		"not a unicast MAC":        func(n *NIC) { n.MAC = net.HardwareAddr{1, 2, 3, 4, 5, 6} },
		"mtu 9001":                 func(n *NIC) { n.MTU = 9001 },
		"vlan id 4095":             func(n *NIC) { n.VLAN = 4095 },
		"blocked outgoing port":    func(n *NIC) { n.BlockedPorts = []string{"70000"} },
		"macvlan needs a physical": func(n *NIC) { n.Macvlan = true },
	} {
		n := nic("stub0")
		n.Name = "net1"
		bad(&n)
		_, err := h.Attach(context.Background(), "z", testenv.Netns(t), []NIC{good, n}, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s: %v", want, err)
		}
		if z, err := h.loadZone("z"); z != nil || err != nil {
			t.Errorf("%s: a note is left: %v", want, err)
		}
	}
	_, err := h.Attach(context.Background(), "z", testenv.Netns(t), []NIC{good}, []Route{{Dest: netip.MustParsePrefix("10.0.0.0/8"), Gateway: netip.MustParseAddr("172.16.0.1")}})
	if err == nil || !strings.Contains(err.Error(), "add route 10.0.0.0/8 via 172.16.0.1: network is unreachable") {
		t.Errorf("unreachable gateway: %v", err)
	}
	if countPorts(t) != 0 {
		t.Error("a link is left behind")
	}
}

func countPorts(t *testing.T) (n int) {
	rt, err := openRTNL()
	must(t, err)
	defer rt.Close()
	all, err := listLinks(rt)
	must(t, err)
	for _, l := range all {
		if l.Type() == "veth" {
			n++
		}
	}
	return n
}

// A zone's note may be lost while its links are not.
func TestAttach_overLeftovers(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	old := attach(t, h, "a", []NIC{nic("stub0", "10.9.0.1/24")})
	must(t, os.RemoveAll(h.root.Run()))
	attach(t, h, "a", []NIC{nic("stub0", "10.9.0.1/24")})
	if _, ok := old.run("ip", "link", "show", "net0"); ok {
		t.Error("the old link is still there")
	}
}

func TestAttach_remakesAnEtherstubAfterABoot(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	rt, err := openRTNL()
	must(t, err)
	defer rt.Close()
	kernel := kernelName(h.root, classBridge, "stub0")
	must(t, removeLink(rt, kernel))
	must(t, dropTable(h.guardTable(kernel)))
	a := attach(t, h, "a", []NIC{nic("stub0", "10.9.0.1/24")})
	attach(t, h, "b", []NIC{nic("stub0", "10.9.0.2/24")})
	a.reaches("10.9.0.2")
}

func TestRoutes(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	n := nic("stub0", "10.9.0.2/24", "fd00:9::2/64")
	n.Gateways = []netip.Addr{netip.MustParseAddr("10.9.0.1"), netip.MustParseAddr("fe80::1"), netip.MustParseAddr("192.0.2.1")}
	second := nic("stub0", "10.8.0.2/24")
	second.Name, second.Primary = "net1", false
	second.Gateways = []netip.Addr{netip.MustParseAddr("10.8.0.1")}
	to := func(dest, gw, link string) Route {
		r := Route{Dest: netip.MustParsePrefix(dest), Link: link}
		if gw != "" {
			r.Gateway = netip.MustParseAddr(gw)
		}
		return r
	}
	z := attach(t, h, "a", []NIC{n, second}, to("10.1.0.0/16", "10.8.0.9", ""), to("10.2.0.0/16", "", "net1"), to("fd01::/64", "fd00:9::7", ""))
	wants := func(lines ...string) {
		t.Helper()
		got := z.must("ip", "route") + z.must("ip", "-6", "route")
		for _, want := range lines {
			if !strings.Contains(got, want) {
				t.Errorf("no route %q in\n%s", want, got)
			}
		}
		if n := strings.Count(got, "proto 83"); n != len(lines) {
			t.Errorf("%d routes of ours, want %d:\n%s", n, len(lines), got)
		}
	}
	wants("default via 10.9.0.1 dev net0", "default via 192.0.2.1 dev net0 proto 83 onlink", "default via fe80::1 dev net0",
		"10.1.0.0/16 via 10.8.0.9 dev net1", "10.2.0.0/16 dev net1 proto 83 scope link", "fd01::/64 via fd00:9::7 dev net0")
	// An update changes ours and leaves the zone's own alone.
	z.must("ip", "route", "add", "10.3.0.0/16", "via", "10.9.0.5")
	n.Gateways = n.Gateways[:1]
	must(t, h.Update(context.Background(), "a", z.File, []NIC{n, second}, []Route{to("10.1.0.0/16", "10.8.0.8", "")}))
	wants("default via 10.9.0.1 dev net0", "10.1.0.0/16 via 10.8.0.8 dev net1")
	if out := z.must("ip", "route"); !strings.Contains(out, "10.3.0.0/16 via 10.9.0.5") {
		t.Errorf("the zone's own route is gone:\n%s", out)
	}
}

// A tag's machines are on one wire with whatever is at its other end, and the
// physical link is free again when the last is gone.
func TestAttach_overATag(t *testing.T) {
	h := newHost(t)
	near, far := cable(t, "ext0")
	rt, err := openRTNL()
	must(t, err)
	defer rt.Close()
	outside := testenv.Netns(t)
	must(t, rt.LinkSetNsFd(far, int(outside.Fd())))
	peer := testZone{outside, "outside", t}
	peer.must("ip", "addr", "add", "10.9.0.100/24", "dev", "ext0far")
	peer.must("ip", "link", "set", "ext0far", "up")
	must(t, h.AddTag(context.Background(), "external", TagSpec{MAC: near.Attrs().HardwareAddr}))
	for _, macvlan := range []bool{false, true, true, false} {
		n := nic("external", "10.9.0.1/24")
		n.Macvlan, n.MAC = macvlan, mac(t, macA)
		a := attach(t, h, "a", []NIC{n})
		n.Addrs[0], n.MAC = netip.MustParsePrefix("10.9.0.2/24"), mac(t, macX)
		b := attach(t, h, "b", []NIC{n})
		a.reaches("10.9.0.100")
		a.reaches("10.9.0.2")
		must(t, h.Detach(context.Background(), "a"))
		a.Close() // and its macvlan with it
		b.reaches("10.9.0.100")
		must(t, h.Detach(context.Background(), "b"))
		b.Close()
		if n := masterOf(t, rt, "ext0"); n != 0 {
			t.Errorf("macvlan %v: the physical link is still a port", macvlan)
		}
	}
	// Directly by the link's name, and through a vnic.
	must(t, h.CreateVNIC(context.Background(), "v0", VNIC{Over: "ext0"}, CreateOptions{}))
	a := attach(t, h, "a", []NIC{nic("ext0", "10.9.0.1/24")})
	a.reaches("10.9.0.100")
	must(t, h.Detach(context.Background(), "a"))
	if masterOf(t, rt, "ext0") == 0 {
		t.Error("the switch below a vnic went with a zone")
	}
	must(t, h.DeleteVNIC(context.Background(), "v0", CreateOptions{}))
	if masterOf(t, rt, "ext0") != 0 {
		t.Error("the physical link is still a port")
	}
}

func masterOf(t *testing.T, rt *netlink.Handle, name string) int {
	link, err := rt.LinkByName(name)
	must(t, err)
	return link.Attrs().MasterIndex
}

// The host's own connection is not cut; its bridge is used when it has one.
func TestAttach_overTheHostsOwnLink(t *testing.T) {
	h := newHost(t)
	near, _ := cable(t, "ext0")
	rt, err := openRTNL()
	must(t, err)
	defer rt.Close()
	must(t, rt.LinkSetUp(near))
	must(t, addAddr(rt, near, netip.MustParsePrefix("10.9.0.77/24")))
	_, err = h.Attach(context.Background(), "a", testenv.Netns(t), []NIC{nic("ext0", "10.9.0.1/24")}, nil)
	if own, is := errors.AsType[*HostLinkError](err); !is || own.Link != "ext0" {
		t.Errorf("no refusal: %v", err)
	}
	must(t, rt.AddrDel(near, addrOf(netip.MustParsePrefix("10.9.0.77/24"))))
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "br0"
	br0 := &netlink.Bridge{LinkAttrs: attrs}
	must(t, rt.LinkAdd(br0))
	t.Cleanup(func() {
		rt, err := openRTNL()
		must(t, err)
		defer rt.Close()
		must(t, removeLink(rt, "br0"))
	})
	must(t, addAddr(rt, br0, netip.MustParsePrefix("10.9.0.77/24")))
	must(t, errors.Join(rt.LinkSetUp(br0), rt.LinkSetMaster(near, br0)))
	for _, over := range []string{"ext0", "br0"} {
		z := attach(t, h, "a", []NIC{nic(over, "10.9.0.1/24")})
		z.reaches("10.9.0.77")
		must(t, h.Detach(context.Background(), "a"))
	}
	if masterOf(t, rt, "ext0") == 0 {
		t.Error("the host's bridge lost its port")
	}
}

// What the kernel lacks is said with its name.
func TestCheck_vlanOverALink(t *testing.T) {
	h := newHost(t)
	cable(t, "ext0")
	n := nic("ext0", "10.9.0.1/24")
	n.VLAN = 5
	err := h.Check(n)
	rt, rtErr := openRTNL()
	must(t, rtErr)
	defer rt.Close()
	if knowsVLAN(rt) {
		must(t, err)
		return
	}
	if lacks, is := errors.AsType[*UnsupportedError](err); !is || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("not unsupported: %v", err)
	} else if lacks.Error() != "VLAN 5 over ext0 is not supported here: this kernel lacks 802.1Q VLANs (CONFIG_VLAN_8021Q)" {
		t.Error(lacks)
	}
}

func TestTagExists(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	near, _ := cable(t, "ext0")
	must(t, h.AddTag(context.Background(), "external", TagSpec{MAC: near.Attrs().HardwareAddr}))
	for name, want := range map[string]bool{"stub0": true, "ext0": true, "external": true, "nosuch": false, "lo": false, "": false, "a/../b": false} {
		if got, err := h.TagExists(name); got != want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// Zones of one VLAN over a physical link meet each other and who is tagged so
// at its other end, and nobody else.
func TestAttach_vlanOverALink(t *testing.T) {
	h := newHost(t)
	near, far := cable(t, "ext0")
	rt, err := openRTNL()
	must(t, err)
	defer rt.Close()
	if !knowsVLAN(rt) {
		t.Skip("this kernel lacks 802.1Q VLANs (CONFIG_VLAN_8021Q)")
	}
	outside := testenv.Netns(t)
	must(t, rt.LinkSetNsFd(far, int(outside.Fd())))
	peer := testZone{outside, "outside", t}
	peer.must("ip", "link", "set", "ext0far", "up")
	for _, vid := range []string{"5", "6"} {
		peer.must("ip", "link", "add", "link", "ext0far", "name", "v"+vid, "type", "vlan", "id", vid)
		peer.must("ip", "addr", "add", "10.9."+vid+".100/24", "dev", "v"+vid)
		peer.must("ip", "link", "set", "v"+vid, "up")
	}
	must(t, rt.LinkSetUp(near))
	on := func(zone string, vid int, addr string) testZone {
		n := nic("ext0", addr)
		n.VLAN = vid
		return attach(t, h, zone, []NIC{n})
	}
	a, b, c := on("a", 5, "10.9.5.1/24"), on("b", 6, "10.9.5.2/24"), on("c", 5, "10.9.5.3/24")
	a.reaches("10.9.5.100")
	a.reaches("10.9.5.3")
	c.reaches("10.9.5.1")
	a.reachesNot("10.9.5.2")
	b.reachesNot("10.9.5.100")
	for _, zone := range []string{"a", "b", "c"} {
		must(t, h.Detach(context.Background(), zone))
	}
	if n := masterOf(t, rt, "ext0"); n != 0 {
		t.Error("the physical link itself became a port")
	}
}

// Each VLAN over a link has a switch and a sub-interface of its own, and links
// that are the same are found by every zone.
func TestPlace_vlanOverALink(t *testing.T) {
	h := newHost(t)
	near, _ := cable(t, "ext0")
	u := &uplink{name: "ext0", phys: near}
	seen := map[string]int{}
	for _, vid := range []int{0, 5, 6, 5} {
		switches, foreign, err := h.place(nil, u, vid, vid == 0)
		must(t, err)
		if want := map[bool]int{true: 0, false: 2}[vid == 0]; len(switches) != want || foreign != nil {
			t.Errorf("vlan %d: %v, %v", vid, switches, foreign)
		}
		for _, name := range switches {
			if len(name) > 15 {
				t.Errorf("%s is longer than a link's name can be", name)
			}
			if before, ok := seen[name]; ok && before != vid {
				t.Errorf("vlans %d and %d share %s", before, vid, name)
			}
			seen[name] = vid
		}
	}
	if switches, _, err := h.place(nil, u, 7, true); err != nil || len(switches) != 1 || switches[0] != h.taggedName(u, 7) {
		t.Errorf("a macvlan over a VLAN: %v, %v", switches, err)
	}
	if n := len(seen); n != 4 {
		t.Errorf("%d links for two VLANs", n)
	}
}
