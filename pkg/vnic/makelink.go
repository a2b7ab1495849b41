package vnic

import (
	"errors"
	"os"
	"strconv"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// makeLink makes a nic's link, still disconnected.
func (h *Host) makeLink(rt *netlink.Handle, zone string, netns *os.File, n *zoneNIC) (err error) {
	if n.Macvlan {
		return h.addMacvlan(rt, netns, n)
	}
	if n.host, err = addVeth(rt, netns, n); err != nil {
		return err
	}
	if err := noHostIPv6(rt, n.host); err != nil {
		return err
	}
	return rt.LinkSetAlias(n.host, h.zoneLabel(zone, n).String())
}

func (h *Host) zoneLabel(zone string, n *zoneNIC) label {
	l := label{root: h.root.ID(), zone: zone, nic: n.Name, over: n.Over, mac: n.MAC.String()}
	if n.VLAN != 0 {
		l.vid = strconv.Itoa(n.VLAN)
	}
	return l
}

// addVeth makes a pair whose far end is born in the zone, under its name there.
func addVeth(rt *netlink.Handle, netns *os.File, n *zoneNIC) (netlink.Link, error) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = n.Kernel
	attrs.MTU = n.MTU
	veth := netlink.NewVeth(attrs)
	veth.PeerName = n.Name
	veth.PeerHardwareAddr = n.MAC
	veth.PeerNamespace = netlink.NsFd(int(netns.Fd()))
	err := rt.LinkAdd(veth)
	if errors.Is(err, unix.EEXIST) { // of a zone whose note got lost
		if err := removeLink(rt, n.Kernel); err != nil {
			return nil, err
		}
		err = rt.LinkAdd(veth)
	}
	if err != nil {
		return nil, unsupported(err, "a vnic", "virtual Ethernet pairs (CONFIG_VETH)")
	}
	return veth, nil
}

// addMacvlan gives the zone a share of the physical link itself. There is no
// host's end: the zone's root may change the MAC and nothing is filtered.
func (h *Host) addMacvlan(rt *netlink.Handle, netns *os.File, n *zoneNIC) error {
	parent, err := h.macvlanParent(rt, n.up, n.VLAN)
	if err != nil {
		return err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = n.Kernel
	attrs.ParentIndex = parent.Attrs().Index
	attrs.HardwareAddr = n.MAC
	attrs.MTU = n.MTU
	link := &netlink.Macvlan{LinkAttrs: attrs, Mode: netlink.MACVLAN_MODE_BRIDGE}
	if err := removeLink(rt, n.Kernel); err != nil {
		return err
	}
	if err := rt.LinkAdd(link); err != nil {
		return unsupported(err, "a macvlan nic", "macvlan links (CONFIG_MACVLAN)")
	}
	if err := rt.LinkSetNsFd(link, int(netns.Fd())); err != nil {
		return err
	}
	return inside(netns, func() error { return rename(n.Kernel, n.Name) })
}

func (h *Host) macvlanParent(rt *netlink.Handle, u *uplink, vid int) (netlink.Link, error) {
	parent := u.phys
	if vid != 0 {
		var err error
		if parent, err = h.tagged(rt, u, vid); err != nil {
			return nil, err
		}
	}
	return parent, rt.LinkSetUp(parent)
}

// rename renames a link of this thread's network namespace.
func rename(from, to string) error {
	rt, err := openRTNL()
	if err != nil {
		return err
	}
	defer rt.Close()
	link, err := rt.LinkByName(from)
	if err != nil {
		return err
	}
	return rt.LinkSetName(link, to)
}
