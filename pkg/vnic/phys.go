package vnic

import (
	"bytes"
	"net"

	"github.com/vishvananda/netlink"
)

// isPhys reports whether a link is one that the host has without us and that
// nics may lie over: a network card, but also what an administrator built
// (bond, bridge, VLAN).
func isPhys(link netlink.Link) bool {
	attrs := link.Attrs()
	_, ours := parseLabel(attrs.Alias)
	return !ours && attrs.EncapType == "ether" && attrs.Flags&net.FlagLoopback == 0 && len(attrs.HardwareAddr) == 6
}

// physByName is nil, nil when there is none.
func physByName(rt *netlink.Handle, name string) (netlink.Link, error) {
	if len(name) > 15 || name == "" {
		return nil, nil
	}
	link, err := findLink(rt, name)
	if err != nil || link == nil || !isPhys(link) {
		return nil, err
	}
	return link, nil
}

// physByMAC is nil, nil when there is none. A card goes before the bridges and
// VLANs that took over its address.
func physByMAC(rt *netlink.Handle, mac net.HardwareAddr) (netlink.Link, error) {
	all, err := listLinks(rt)
	if err != nil {
		return nil, err
	}
	var found netlink.Link
	for _, link := range all {
		if !bytes.Equal(link.Attrs().HardwareAddr, mac) || !isPhys(link) {
			continue
		}
		if link.Type() == "device" {
			return link, nil
		}
		if found == nil {
			found = link
		}
	}
	return found, nil
}
