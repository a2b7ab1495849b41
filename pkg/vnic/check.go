package vnic

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Check says why a nic of the spec could not be made here: an unknown nic tag
// (ErrNoTag), a VLAN without kernel support, an MTU that does not fit.
func (h *Host) Check(nic NIC) error {
	rt, err := openRTNL()
	if err != nil {
		return err
	}
	defer rt.Close()
	_, err = h.check(rt, nic)
	return err
}

// TagExists reports whether name is a nic tag, etherstub or physical link that
// a nic may lie over.
func (h *Host) TagExists(name string) (bool, error) {
	rt, err := openRTNL()
	if err != nil {
		return false, err
	}
	defer rt.Close()
	_, err = h.resolve(rt, name)
	if errors.Is(err, ErrNoTag) {
		return false, nil
	}
	return err == nil, err
}

// minMTU is what IPv4 demands of a link.
const minMTU = 68

// check fills in what the spec leaves open.
func (h *Host) check(rt *netlink.Handle, nic NIC) (*zoneNIC, error) {
	if err := checkNICName(nic.Name); err != nil {
		return nil, err
	}
	up, err := h.resolve(rt, nic.Over)
	if err != nil {
		return nil, err
	}
	n := &zoneNIC{NIC: nic.normal(), up: up}
	n.Macvlan = nic.Macvlan || up.macvlan
	if n.MAC == nil {
		n.MAC = RandomMAC(nil)
	}
	if err := checkUnicast(n.MAC); err != nil {
		return nil, err
	}
	if n.MTU == 0 {
		n.MTU = up.defaultMTU()
	}
	if _, err := parsePorts(nic.BlockedPorts); err != nil {
		return nil, err
	}
	if err := h.fits(rt, n); err != nil {
		return nil, err
	}
	n.Switches, n.bridge, err = h.place(rt, up, n.VLAN, n.Macvlan)
	if n.bridge == nil && !n.Macvlan {
		n.Guarded = h.bridgeName(up, n.VLAN)
	}
	return n, err
}

// fits checks what depends on the link below.
func (h *Host) fits(rt *netlink.Handle, n *zoneNIC) error {
	switch {
	case n.MTU < minMTU || n.MTU > n.up.defaultMTU():
		return fmt.Errorf("mtu %d is not between %d and the %d of %s", n.MTU, minMTU, n.up.defaultMTU(), n.Over)
	case n.VLAN < 0 || n.VLAN > 4094:
		return fmt.Errorf("vlan id %d is not between 0 and 4094", n.VLAN)
	case n.Macvlan && n.up.stub != nil:
		return fmt.Errorf("macvlan needs a physical link, and %s is an etherstub", n.Over)
	case n.up.phys != nil && n.VLAN != 0 && !knowsVLAN(rt):
		return &UnsupportedError{fmt.Sprintf("VLAN %d over %s", n.VLAN, n.Over), "802.1Q VLANs (CONFIG_VLAN_8021Q)"}
	case n.up.phys != nil && n.VLAN == 0 && !n.Macvlan && n.up.phys.Attrs().MasterIndex == 0 && n.up.phys.Type() != "bridge":
		return refuseHostAddresses(rt, n.up.phys)
	}
	return nil
}

// knowsVLAN asks the kernel for a VLAN without saying over what: one that
// knows VLANs calls that invalid, another does not know what we talk about.
func knowsVLAN(rt *netlink.Handle) bool {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "sbprobe"
	err := rt.LinkAdd(&netlink.Vlan{LinkAttrs: attrs, VlanId: 1})
	return !errors.Is(err, unix.EOPNOTSUPP)
}
