package vm

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// nicOrder is the order in which get shows a nic's members.
var nicOrder = []string{
	"interface", "mac", "vlan_id", "nic_tag", "model", "mtu", "gateway", "gateways", "netmask", "ip", "ips",
	"network_uuid", "vrrp_vrid", "vrrp_primary_ip", "dhcp_server", "allow_dhcp_spoofing", "allow_ip_spoofing",
	"allow_mac_spoofing", "allow_restricted_traffic", "allow_unfiltered_promisc", "allowed_ips",
	"allowed_dhcp_cids", "blocked_outgoing_ports", "primary",
}

// toNet is the nic as the zone's configuration keeps it: what zonecfg has words
// for in its own members, the rest as properties.
func (n nic) toNet() zone.Net {
	net := zone.Net{
		Physical:  n.str("interface"),
		GlobalNIC: n.str("nic_tag"),
		MAC:       n.str("mac"),
		Props:     make(map[string]string),
	}
	if vlan, ok := n["vlan_id"].(int64); ok {
		net.VLAN = int(vlan)
	}
	for _, name := range slices.Sorted(maps.Keys(n)) {
		switch name {
		case "interface", "nic_tag", "mac", "vlan_id":
		default:
			net.Props[name] = propText(n[name])
		}
	}
	return net
}

func propText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case []string:
		return strings.Join(v, ",")
	}
	return ""
}

// fromNet is the reverse. Properties that are no members of a nic, and values
// that are not of their type, are left out.
func fromNet(net zone.Net) nic {
	n := nic{}
	setText(n, "interface", net.Physical)
	setText(n, "nic_tag", net.GlobalNIC)
	setText(n, "mac", net.MAC)
	if net.VLAN != 0 {
		n["vlan_id"] = int64(net.VLAN)
	}
	for name, text := range net.Props {
		row, ok := Lookup("nics.*." + name)
		if !ok {
			continue
		}
		if value, err := row.coerce(text); err == nil && value != nil {
			n[name] = value
		}
	}
	if len(n.list("ips")) == 0 && net.Address != "" {
		n["ips"] = []string{net.Address}
		n.ipFromIPs(n.list("ips"))
	}
	return n
}

func setText(n nic, name, text string) {
	if text != "" {
		n[name] = text
	}
}

func nicsOf(c *zone.Config) []nic {
	nics := make([]nic, len(c.Net))
	for i := range c.Net {
		nics[i] = fromNet(c.Net[i])
	}
	return nics
}

func setNICs(c *zone.Config, nics []nic) {
	c.Net = make([]zone.Net, len(nics))
	for i := range nics {
		c.Net[i] = nics[i].toNet()
	}
}

// object is the nic in the order that get shows.
func (n nic) object() Object {
	var o Object
	for _, name := range nicOrder {
		if value, ok := n[name]; ok && value != false {
			o = append(o, Member{name, value})
		}
	}
	return o
}
