package zone

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/vnic"
)

// NICs are the links that the configuration asks for.
func (c *Config) NICs() ([]vnic.NIC, error) {
	nics := make([]vnic.NIC, 0, len(c.Net))
	for i := range c.Net {
		n, err := c.Net[i].nic()
		if err != nil {
			return nil, fmt.Errorf("net %s: %w", c.Net[i].Physical, err)
		}
		nics = append(nics, n)
	}
	return nics, nil
}

func (n *Net) nic() (nic vnic.NIC, err error) {
	nic = vnic.NIC{Name: n.Physical, Over: n.GlobalNIC, VLAN: n.VLAN}
	if nic.Over == "" {
		nic.Over = n.Props["nic_tag"]
	}
	if n.MAC != "" {
		if nic.MAC, err = net.ParseMAC(n.MAC); err != nil {
			return nic, err
		}
	}
	if mtu := n.Props["mtu"]; mtu != "" {
		if nic.MTU, err = strconv.Atoi(mtu); err != nil {
			return nic, fmt.Errorf("mtu %q is not a number", mtu)
		}
	}
	for name, flag := range map[string]*bool{
		"primary": &nic.Primary, "allow_ip_spoofing": &nic.AllowIPSpoof, "allow_mac_spoofing": &nic.AllowMACSpoof,
		"allow_dhcp_spoofing": &nic.AllowDHCPSpoof, "allow_restricted_traffic": &nic.AllowRestricted, "macvlan": &nic.Macvlan,
	} {
		*flag = isTrue(n.Props[name])
	}
	nic.BlockedPorts = words(n.Props["blocked_outgoing_ports"])
	if err := n.addresses(&nic); err != nil {
		return nic, err
	}
	return nic, n.gateways(&nic)
}

// addresses reads ips, else ip and netmask, else address.
func (n *Net) addresses(nic *vnic.NIC) error {
	list := words(n.Props["ips"])
	if len(list) == 0 && n.Props["ip"] != "" {
		list = []string{withMask(n.Props["ip"], n.Props["netmask"])}
	}
	if len(list) == 0 && n.Address != "" {
		list = []string{n.Address}
	}
	for _, a := range list {
		switch a {
		case "dhcp":
			nic.DHCP = true
			continue
		case "addrconf":
			nic.Addrconf = true
			continue
		}
		p, err := prefix(a)
		if err != nil {
			return err
		}
		nic.Addrs = append(nic.Addrs, p)
	}
	for _, a := range append(words(n.Props["allowed_ips"]), words(n.AllowedAddress)...) {
		p, err := prefix(a)
		if err != nil {
			return err
		}
		nic.Allowed = append(nic.Allowed, p)
	}
	return nil
}

func (n *Net) gateways(nic *vnic.NIC) error {
	list := words(n.Props["gateways"])
	if len(list) == 0 {
		list = words(n.Props["gateway"])
	}
	if len(list) == 0 {
		list = words(n.DefRouter)
	}
	for _, g := range list {
		addr, err := netip.ParseAddr(g)
		if err != nil {
			return fmt.Errorf("gateway %q is not an IP address", g)
		}
		nic.Gateways = append(nic.Gateways, addr)
	}
	return nil
}

// withMask joins an address and a netmask in dots to a prefix.
func withMask(ip, mask string) string {
	if m := net.ParseIP(mask).To4(); m != nil {
		if ones, bits := net.IPMask(m).Size(); bits != 0 {
			return ip + "/" + strconv.Itoa(ones)
		}
	}
	return ip
}

// prefix reads an address with or without the length of its network.
func prefix(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p, nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not an IP address", text)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func isTrue(text string) bool { return text == "true" || text == "1" }

// Routes are the zone's static routes, from config/routes.json below its path:
// destination -> gateway, the latter an address, nics[N] or macs[MAC].
func (h *Host) Routes(c *Config) ([]vnic.Route, error) {
	file := filepath.Join(h.root.Join(c.Path), "config", "routes.json")
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("zone %s: routes: %w", c.Name, err)
	}
	var list map[string]string
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("zone %s: routes: %s: %w", c.Name, h.root.Display(file), err)
	}
	var routes []vnic.Route
	for dest, gateway := range list {
		r, err := c.route(dest, gateway)
		if err != nil {
			return nil, fmt.Errorf("zone %s: routes: %w", c.Name, err)
		}
		routes = append(routes, r)
	}
	return routes, nil
}

func (c *Config) route(dest, gateway string) (r vnic.Route, err error) {
	if r.Dest, err = prefix(dest); err != nil {
		return r, err
	}
	r.Dest = r.Dest.Masked()
	if link, ok := c.linkOf(gateway); ok {
		r.Link = link
		return r, nil
	}
	if r.Gateway, err = netip.ParseAddr(gateway); err != nil {
		return r, fmt.Errorf("gateway %q is neither an IP address nor a nic of the zone", gateway)
	}
	return r, nil
}

func (c *Config) linkOf(gateway string) (string, bool) {
	for i, n := range c.Net {
		if gateway == fmt.Sprintf("nics[%d]", i) || n.MAC != "" && strings.EqualFold(gateway, "macs["+n.MAC+"]") {
			return n.Physical, true
		}
	}
	return "", false
}
