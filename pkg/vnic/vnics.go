package vnic

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/vishvananda/netlink"

	"github.com/smartbox-os/smartbox/internal/revert"
)

// VNIC is a link of the global zone to be made over another.
type VNIC struct {
	Over      string
	MAC       net.HardwareAddr // nil: random
	MACPrefix net.HardwareAddr // of a random one
	VLAN      int
	MTU       int // 0: that of Over
	Macvlan   bool
}

// How a vnic came by its address.
const (
	macFixed  = "fixed"
	macRandom = "random"
)

// CreateVNIC makes a link of the global zone over an etherstub or a physical
// link. Its address stays the same from boot to boot.
func (h *Host) CreateVNIC(ctx context.Context, name string, v VNIC, o CreateOptions) error {
	return h.create(ctx, name, o, func(rt *netlink.Handle, t *table) (record, error) {
		if _, temporary := t.temporary.Links[v.Over]; temporary && !o.Temporary {
			return record{}, fmt.Errorf("link %s is temporary, so what lies over it must be too", v.Over)
		}
		return h.specVNIC(rt, v)
	})
}

func (h *Host) specVNIC(rt *netlink.Handle, v VNIC) (record, error) {
	r := record{Class: ClassVNIC, Over: v.Over, VID: v.VLAN, MTU: v.MTU, Macvlan: v.Macvlan, MACType: macFixed}
	if v.MAC == nil {
		v.MAC, r.MACType = RandomMAC(v.MACPrefix), macRandom
	}
	r.MAC = v.MAC.String()
	n, err := h.check(rt, NIC{Name: "vnic", Over: v.Over, MAC: v.MAC, VLAN: v.VLAN, MTU: v.MTU, Macvlan: v.Macvlan})
	if err != nil {
		return record{}, err
	}
	r.Switches = n.Switches
	return r, nil
}

// makeVNIC makes or completes a vnic. The table is locked.
func (h *Host) makeVNIC(rt *netlink.Handle, name string, r record) error {
	link, err := findLink(rt, r.Kernel)
	if err != nil {
		return err
	}
	if link != nil && link.Attrs().Alias != "" { // the alias is the last step of making it
		return h.rejoin(rt, name, r)
	}
	if link != nil {
		if err := removeLink(rt, r.Kernel); err != nil {
			return err
		}
	}
	mac, err := ParseMAC(r.MAC)
	if err != nil {
		return fmt.Errorf("link %s: %w", name, err)
	}
	n, err := h.check(rt, NIC{Name: "vnic", Over: r.Over, MAC: mac, VLAN: r.VID, MTU: r.MTU, Macvlan: r.Macvlan})
	if err != nil {
		return fmt.Errorf("link %s: %w", name, err)
	}
	undo := revert.New()
	defer undo.Fail()
	undo.Add(func() error { return h.unmakeVNIC(rt, name, r) })
	if link, err = h.connectVNIC(rt, name, r, n); err != nil {
		return fmt.Errorf("link %s: %w", name, err)
	}
	if err := rt.LinkSetUp(link); err != nil {
		return err
	}
	h.nameLink(rt, link, name)
	if err := rt.LinkSetAlias(link, h.vnicLabel(name, r).String()); err != nil {
		return err
	}
	undo.Success()
	return nil
}

func (h *Host) vnicLabel(name string, r record) label {
	l := label{root: h.root.ID(), link: name, over: r.Over}
	if r.VID != 0 {
		l.vid = strconv.Itoa(r.VID)
	}
	return l
}

// connectVNIC makes the vnic as a macvlan, or as a pair whose other end is a
// port of the switch.
func (h *Host) connectVNIC(rt *netlink.Handle, name string, r record, n *zoneNIC) (netlink.Link, error) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU, attrs.HardwareAddr = r.Kernel, n.MTU, n.MAC
	if n.Macvlan {
		parent, err := h.macvlanParent(rt, n.up, n.VLAN)
		if err != nil {
			return nil, err
		}
		attrs.ParentIndex = parent.Attrs().Index
		link := &netlink.Macvlan{LinkAttrs: attrs, Mode: netlink.MACVLAN_MODE_BRIDGE}
		return link, rt.LinkAdd(link)
	}
	if n.bridge == nil {
		var err error
		if n.bridge, err = h.bridge(rt, n.up, n.VLAN); err != nil {
			return nil, err
		}
	}
	veth := netlink.NewVeth(attrs)
	veth.PeerName = portName(r)
	if err := rt.LinkAdd(veth); err != nil {
		return nil, unsupported(err, "a vnic", "virtual Ethernet pairs (CONFIG_VETH)")
	}
	return veth, h.joinPort(rt, name, r, n.bridge)
}

// rejoin puts a vnic whose switch was lost on a new one.
func (h *Host) rejoin(rt *netlink.Handle, name string, r record) error {
	port, err := findLink(rt, portName(r))
	if err != nil || port == nil || port.Attrs().MasterIndex != 0 {
		return err
	}
	up, err := h.resolve(rt, r.Over)
	if err != nil {
		return fmt.Errorf("link %s: %w", name, err)
	}
	bridge, err := h.bridge(rt, up, r.VID)
	if err != nil {
		return err
	}
	return h.joinPort(rt, name, r, bridge)
}

func (h *Host) joinPort(rt *netlink.Handle, name string, r record, bridge netlink.Link) error {
	port, err := rt.LinkByName(portName(r))
	if err != nil {
		return err
	}
	if err := noHostIPv6(rt, port); err != nil {
		return err
	}
	return errors.Join(rt.LinkSetAlias(port, h.vnicLabel(name, r).String()),
		rt.LinkSetMaster(port, bridge), rt.LinkSetUp(port))
}

// portName is the kernel's name of the vnic's other end.
func portName(r record) string { return "sb" + classPort + r.Kernel[3:] }

// DeleteVNIC removes a link of the global zone.
func (h *Host) DeleteVNIC(ctx context.Context, name string, o CreateOptions) error {
	return h.remove(ctx, name, ClassVNIC, o, func(rt *netlink.Handle, _ *table, r record) error {
		return h.unmakeVNIC(rt, name, r)
	})
}

func (h *Host) unmakeVNIC(rt *netlink.Handle, name string, r record) error {
	if err := removeLink(rt, r.Kernel); err != nil {
		return err
	}
	for _, s := range r.Switches {
		if err := h.releaseSwitch(rt, s, "", name); err != nil {
			return err
		}
	}
	return nil
}
