package sysinfo

import (
	"errors"
	"net"
	"slices"
	"strconv"

	"github.com/smartbox-os/smartbox/pkg/vnic"
)

// network lists the global zone's links. Those of zones are theirs.
func (h *Host) network(i *Info) error {
	links, err := h.links.Links()
	tags, terr := h.links.Tags()
	for _, l := range links {
		if l.Zone != "" {
			continue
		}
		switch l.Class {
		case vnic.ClassPhys:
			i.NICs[l.Name] = NIC{l.MAC.String(), ipv4(l.Device), l.State, tagsOf(l, tags)}
		case vnic.ClassVNIC:
			i.VNICs[l.Name] = VNIC{l.MAC.String(), ipv4(l.Device), l.State, l.Over, strconv.Itoa(l.VLAN)}
		case vnic.ClassAggr:
			i.Aggregations[l.Name] = Aggr{LACP: "off", Interfaces: membersOf(l, links)}
		}
	}
	return errors.Join(err, terr)
}

func tagsOf(l vnic.Link, tags []vnic.Tag) []string {
	names := []string{}
	for _, t := range tags {
		if t.Link == l.Name {
			names = append(names, t.Name)
		}
	}
	return names
}

func membersOf(aggr vnic.Link, links []vnic.Link) []string {
	names := []string{}
	for _, l := range links {
		if l.Class == vnic.ClassPhys && l.Over == aggr.Name {
			names = append(names, l.Name)
		}
	}
	slices.Sort(names)
	return names
}

// ipv4 is the first address of a device, "" without one.
func ipv4(device string) string {
	ifc, err := net.InterfaceByName(device)
	if err != nil {
		return ""
	}
	addrs, err := ifc.Addrs()
	if err != nil {
		return ""
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	return ""
}
