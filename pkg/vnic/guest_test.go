package vnic

import (
	"context"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

// Machines of a VLAN over a physical link meet those of the same VLAN at the
// other end of the wire, and nobody else; their frames carry the tag.
func TestGuest_vlanOverALink(t *testing.T) {
	testenv.RequireGuest(t)
	h := newHost(t)
	_, far := cable(t, "ext0")
	outside := farEnd(t, far)
	outside.must("ip", "link", "add", "link", "ext0far", "name", "five", "type", "vlan", "id", "5")
	outside.must("ip", "addr", "add", "10.5.0.100/24", "dev", "five")
	outside.must("ip", "link", "set", "five", "up")
	outside.must("ip", "addr", "add", "10.5.1.100/24", "dev", "ext0far")
	for _, macvlan := range []bool{false, true} {
		n := nic("ext0", "10.5.0.1/24", "10.5.1.1/24")
		n.VLAN, n.Macvlan, n.MAC = 5, macvlan, mac(t, macA)
		a := attach(t, h, "a", []NIC{n})
		a.reaches("10.5.0.100")
		a.reachesNot("10.5.1.100") // untagged
		n.Addrs, n.MAC = []netip.Prefix{netip.MustParsePrefix("10.5.0.2/24")}, mac(t, macX)
		b := attach(t, h, "b", []NIC{n})
		a.reaches("10.5.0.2")
		n.VLAN, n.Addrs[0] = 6, netip.MustParsePrefix("10.5.0.3/24")
		n.MAC = mac(t, "02:08:20:00:00:33")
		c := attach(t, h, "c", []NIC{n})
		c.reachesNot("10.5.0.100")
		c.reachesNot("10.5.0.1")
		for name, z := range map[string]testZone{"a": a, "b": b, "c": c} {
			must(t, h.Detach(context.Background(), name))
			z.Close()
		}
	}
	rt, err := openRTNL()
	must(t, err)
	defer rt.Close()
	if n := masterOf(t, rt, "ext0"); n != 0 {
		t.Error("the physical link is still a port")
	}
}

// A bond is a link like others.
func TestGuest_overABond(t *testing.T) {
	testenv.RequireGuest(t)
	h := newHost(t)
	rt, err := openRTNL()
	must(t, err)
	defer rt.Close()
	near, far := cable(t, "ext0")
	outside := farEnd(t, far)
	outside.must("ip", "addr", "add", "10.5.0.100/24", "dev", "ext0far")
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "bond0"
	bond := netlink.NewLinkBond(attrs)
	bond.Mode, bond.Miimon = netlink.BOND_MODE_ACTIVE_BACKUP, 50
	must(t, rt.LinkAdd(bond))
	t.Cleanup(func() { must(t, removeLink(rt, "bond0")) })
	must(t, rt.LinkSetMaster(near, bond))
	must(t, rt.LinkSetUp(bond))
	links, err := h.Links()
	must(t, err)
	found := false
	for _, l := range links {
		found = found || l.Name == "bond0" && l.Class == ClassAggr
	}
	if !found {
		t.Errorf("bond0 is no aggregation: %+v", links)
	}
	a := attach(t, h, "a", []NIC{nic("bond0", "10.5.0.1/24")})
	a.reaches("10.5.0.100")
	must(t, h.Detach(context.Background(), "a"))
	a.Close()
}

// farEnd moves the far end of a cable into a namespace of its own.
func farEnd(t *testing.T, far netlink.Link) testZone {
	t.Helper()
	rt, err := openRTNL()
	must(t, err)
	defer rt.Close()
	z := testZone{testenv.Netns(t), "outside", t}
	must(t, rt.LinkSetNsFd(far, int(z.Fd())))
	z.must("ip", "link", "set", far.Attrs().Name, "up")
	return z
}
