package vnic

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/revert"
)

// uplink is what a nic may lie over, in the words of the configuration: an
// etherstub, or a physical link by its own name or through a tag.
type uplink struct {
	name    string // what was asked for
	stub    *record
	phys    netlink.Link
	macvlan bool // the tag says so
	mtu     int  // the tag says so
}

// etherstubMTU is what illumos gives etherstubs: no wire limits them.
const etherstubMTU = 9000

func (u *uplink) defaultMTU() int {
	switch {
	case u.mtu != 0:
		return u.mtu
	case u.stub != nil && u.stub.MTU != 0:
		return u.stub.MTU
	case u.stub != nil:
		return etherstubMTU
	}
	return u.phys.Attrs().MTU
}

// resolve finds out what name is; ErrNoTag when it is nothing.
func (h *Host) resolve(rt *netlink.Handle, name string) (*uplink, error) {
	t, err := h.loadTable()
	if err != nil {
		return nil, err
	}
	if r, ok := t.find(name); ok && r.Class == ClassEtherstub {
		return &uplink{name: name, stub: &r}, nil
	}
	tag, err := h.findTag(name)
	if err != nil {
		return nil, err
	}
	if tag != nil {
		return h.resolveTag(rt, *tag)
	}
	link, err := physByName(rt, name)
	if err != nil {
		return nil, err
	}
	if link == nil {
		return nil, fmt.Errorf("%w %q: no nic tag, etherstub or physical link has that name", ErrNoTag, name)
	}
	return &uplink{name: name, phys: link}, nil
}

func (h *Host) resolveTag(rt *netlink.Handle, tag Tag) (*uplink, error) {
	if tag.Type == TagEtherstub { // of a configuration that came from elsewhere
		r := record{Class: ClassEtherstub, Kernel: kernelName(h.root, classBridge, tag.Name)}
		return &uplink{name: tag.Name, stub: &r}, nil
	}
	link, err := tagLink(rt, &tag)
	if err != nil {
		return nil, err
	}
	if link == nil {
		return nil, fmt.Errorf("nic tag %s: no physical link has the address %s", tag.Name, tag.MAC)
	}
	u := &uplink{name: tag.Name, phys: link, macvlan: tag.Macvlan, mtu: tag.MTU}
	foreign, err := h.foreignBridge(rt, u)
	if err == nil && (tag.Macvlan || foreign != nil) { // the link is not ours to change
		u.mtu = min(u.mtu, link.Attrs().MTU)
	}
	return u, err
}

// place fills in where a nic will be connected: a bridge that somebody else
// made, an etherstub, or switches of ours that live as long as nics need them.
// Each VLAN has a switch of its own, so zones of different VLANs meet in no
// forwarding table, whatever they send.
func (h *Host) place(rt *netlink.Handle, u *uplink, vid int, macvlan bool) (switches []string, foreign netlink.Link, err error) {
	if u.phys != nil && vid == 0 && !macvlan {
		if foreign, err = h.foreignBridge(rt, u); foreign != nil || err != nil {
			return nil, foreign, err
		}
	}
	if !macvlan && (u.phys != nil || vid != 0) {
		switches = append(switches, h.bridgeName(u, vid))
	}
	if u.phys != nil && vid != 0 {
		switches = append(switches, h.taggedName(u, vid))
	}
	return switches, nil, nil
}

// bridge returns the bridge that nics over u with VLAN vid are ports of, made
// as needed. The table is locked.
func (h *Host) bridge(rt *netlink.Handle, u *uplink, vid int) (netlink.Link, error) {
	name := h.bridgeName(u, vid)
	if err := h.makeBridge(rt, name, u, vid); err != nil {
		return nil, fmt.Errorf("make the switch over %s: %w", u.name, err)
	}
	return findLink(rt, name)
}

// readyStub returns the finished bridge of an etherstub, nil when it must be
// made first.
func (h *Host) readyStub(rt *netlink.Handle, u *uplink) (netlink.Link, error) {
	link, err := findLink(rt, u.stub.Kernel)
	if link == nil || err != nil || link.Attrs().Alias == "" { // the alias is the last step of making it
		return nil, err
	}
	return link, nil
}

func (h *Host) bridgeName(u *uplink, vid int) string {
	switch {
	case u.stub != nil && vid == 0:
		return u.stub.Kernel
	case u.stub != nil:
		return kernelName(h.root, classBridge, "stub", u.name, strconv.Itoa(vid))
	}
	return kernelName(h.root, classBridge, "phys", u.phys.Attrs().HardwareAddr.String(), strconv.Itoa(vid))
}

func (h *Host) taggedName(u *uplink, vid int) string {
	return kernelName(h.root, classVLAN, u.phys.Attrs().HardwareAddr.String(), strconv.Itoa(vid))
}

// foreignBridge is the bridge that a physical link is, or is a port of, when
// somebody else made it: the administrator, whose bridge carries the host's own
// addresses too, or another root.
func (h *Host) foreignBridge(rt *netlink.Handle, u *uplink) (netlink.Link, error) {
	phys := u.phys.Attrs()
	if u.phys.Type() == "bridge" {
		return u.phys, nil
	}
	if phys.MasterIndex == 0 {
		return nil, nil
	}
	master, err := rt.LinkByIndex(phys.MasterIndex)
	if err != nil {
		return nil, fmt.Errorf("look up the bridge of %s: %w", phys.Name, err)
	}
	if master.Attrs().Name == h.bridgeName(u, 0) {
		return nil, nil
	}
	if master.Type() != "bridge" {
		return nil, fmt.Errorf("link %s belongs to %s, which is no bridge", phys.Name, master.Attrs().Name)
	}
	return master, nil
}

// makeBridge makes or completes the bridge called name.
func (h *Host) makeBridge(rt *netlink.Handle, name string, u *uplink, vid int) error {
	link, err := findLink(rt, name)
	if err != nil || link != nil && link.Attrs().Alias != "" {
		return err
	}
	undo := revert.New()
	defer undo.Fail()
	undo.Add(func() error { return h.removeBridge(rt, name) })
	if link == nil {
		if link, err = addBridge(rt, name, u.defaultMTU()); err != nil {
			return err
		}
	}
	if err := h.guardBridge(name); err != nil {
		return err
	}
	if err := noHostIPv6(rt, link); err != nil {
		return err
	}
	if u.phys != nil {
		if err := h.addUplink(rt, link, u, vid); err != nil {
			return err
		}
	}
	if err := rt.LinkSetUp(link); err != nil {
		return err
	}
	l := label{root: h.root.ID(), over: u.name}
	if u.stub != nil && vid == 0 {
		l = label{root: h.root.ID(), link: u.name}
		h.nameLink(rt, link, u.name)
	}
	if vid != 0 {
		l.vid = strconv.Itoa(vid)
	}
	if err := rt.LinkSetAlias(link, l.String()); err != nil {
		return err
	}
	undo.Success()
	return nil
}

// nameLink gives a link its full name as an alternative name, for the host's
// own tools. Nothing of ours depends on it, and the name may be taken.
func (h *Host) nameLink(rt *netlink.Handle, link netlink.Link, name string) {
	if err := rt.LinkAddAltName(link, h.root.KernelName(name)); err != nil {
		h.log.Debug("no alternative name", "link", name, "err", err)
	}
}

func addBridge(rt *netlink.Handle, name string, mtu int) (netlink.Link, error) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	attrs.MTU = mtu
	attrs.HardwareAddr = RandomMAC(nil) // else it changes with the ports
	snooping := false                   // nobody queries there
	bridge := &netlink.Bridge{LinkAttrs: attrs, MulticastSnooping: &snooping}
	if err := rt.LinkAdd(bridge); err != nil {
		return nil, unsupported(err, "an etherstub or switch", "network bridges (CONFIG_BRIDGE)")
	}
	return bridge, nil
}

// addUplink makes the physical link, or its tagged sub-interface, a port.
func (h *Host) addUplink(rt *netlink.Handle, bridge netlink.Link, u *uplink, vid int) error {
	port := u.phys
	if vid == 0 {
		if err := refuseHostAddresses(rt, u.phys); err != nil {
			return err
		}
	}
	if u.mtu > u.phys.Attrs().MTU {
		if err := rt.LinkSetMTU(u.phys, u.mtu); err != nil {
			return fmt.Errorf("set mtu %d of %s: %w", u.mtu, u.phys.Attrs().Name, err)
		}
	}
	if vid != 0 {
		vlan, err := h.tagged(rt, u, vid)
		if err != nil {
			return err
		}
		port = vlan
	}
	if err := patiently(func() error { return rt.LinkSetMaster(port, bridge) }); err != nil {
		return fmt.Errorf("make %s a port: %w", port.Attrs().Name, err)
	}
	return rt.LinkSetUp(port)
}

// refuseHostAddresses protects the host's own connection: a bridge port has no
// use for addresses.
func refuseHostAddresses(rt *netlink.Handle, phys netlink.Link) error {
	addrs, err := dump("read addresses of "+phys.Attrs().Name, func() ([]netlink.Addr, error) {
		return rt.AddrList(phys, netlink.FAMILY_ALL)
	})
	if err != nil {
		return err
	}
	for _, a := range addrs {
		if a.Scope != unix.RT_SCOPE_LINK {
			return &HostLinkError{Link: phys.Attrs().Name, Addr: a.IP}
		}
	}
	return nil
}

// HostLinkError says that a physical link carries the host's own traffic, so
// that making it a port of a switch would cut the host off.
type HostLinkError struct {
	Link string
	Addr net.IP
}

func (e *HostLinkError) Error() string {
	return fmt.Sprintf("link %s carries the host's own address %s; give that address to a bridge with %s as its port, or use macvlan",
		e.Link, e.Addr, e.Link)
}

// tagged is the sub-interface of a physical link for one VLAN.
func (h *Host) tagged(rt *netlink.Handle, u *uplink, vid int) (netlink.Link, error) {
	name := h.taggedName(u, vid)
	link, err := findLink(rt, name)
	if link != nil || err != nil {
		return link, err
	}
	// Nothing tagged can be up over a link that is down.
	if err := rt.LinkSetUp(u.phys); err != nil {
		return nil, fmt.Errorf("bring %s up: %w", u.phys.Attrs().Name, err)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	attrs.ParentIndex = u.phys.Attrs().Index
	vlan := &netlink.Vlan{LinkAttrs: attrs, VlanId: vid}
	if err := rt.LinkAdd(vlan); err != nil {
		return nil, unsupported(err, fmt.Sprintf("VLAN %d over %s", vid, u.name), "802.1Q VLANs (CONFIG_VLAN_8021Q)")
	}
	if err := noHostIPv6(rt, vlan); err != nil {
		return nil, err
	}
	return vlan, rt.LinkSetAlias(vlan, label{root: h.root.ID(), over: u.name, vid: strconv.Itoa(vid)}.String())
}

// unsupported turns the kernel's way of not knowing something into an
// UnsupportedError.
func unsupported(err error, feature, needs string) error {
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EAFNOSUPPORT) {
		return &UnsupportedError{feature, needs}
	}
	return fmt.Errorf("%s: %w", feature, err)
}
