package vm

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

func (n nic) settleIPs() error {
	if len(n.list("ips")) == 0 {
		delete(n, "ips")
		switch ip := n.str("ip"); ip {
		case "":
			return nil
		case "dhcp", "addrconf":
			n["ips"] = []string{ip}
		default:
			if err := n.ipsFromNetmask(ip); err != nil {
				return err
			}
		}
	}
	ips := n.list("ips")
	if len(ips) > maxIPs {
		return fmt.Errorf("a nic has at most %d ips: %s", maxIPs, n)
	}
	for _, ip := range ips {
		if err := checkCIDR(ip); err != nil {
			return err
		}
	}
	n.ipFromIPs(ips)
	return nil
}

func (n nic) ipsFromNetmask(ip string) error {
	if addr, bits, ok := strings.Cut(ip, "/"); ok && n.str("netmask") == "" {
		n["ips"] = []string{addr + "/" + bits}
		return nil
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil || !addr.Is4() {
		return worded("Invalid IP for NIC: %s", ip)
	}
	mask := n.str("netmask")
	if mask == "" {
		return worded("Missing .netmask option for NIC: %s", n)
	}
	bits, err := maskBits(mask)
	if err != nil {
		return err
	}
	n["ips"] = []string{ip + "/" + strconv.Itoa(bits)}
	return nil
}

// ipFromIPs sets ip and netmask to what the first IPv4 entry says.
func (n nic) ipFromIPs(ips []string) {
	delete(n, "ip")
	delete(n, "netmask")
	for _, s := range ips {
		prefix, err := netip.ParsePrefix(s)
		switch {
		case s == "dhcp":
			n["ip"] = s
			return
		case err == nil && prefix.Addr().Is4():
			n["ip"] = prefix.Addr().String()
			n["netmask"] = net.IP(net.CIDRMask(prefix.Bits(), 32)).String()
			return
		}
	}
}

func maskBits(mask string) (int, error) {
	addr, err := netip.ParseAddr(mask)
	if err != nil || !addr.Is4() {
		return 0, worded("Specified netmask value is invalid: %s", mask)
	}
	bits, size := net.IPMask(addr.AsSlice()).Size()
	if size == 0 {
		return 0, worded("Specified netmask value is invalid: %s", mask)
	}
	return bits, nil
}

func checkCIDR(s string) error {
	if s == "dhcp" || s == "addrconf" {
		return nil
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return worded("Invalid IP for NIC: %s", s)
	}
	if prefix.Addr().Is4() && prefix.Bits() < 8 {
		return worded("Invalid IP for NIC: %s (the prefix length is 8 to 32)", s)
	}
	return nil
}

func (n nic) settleGateways() error {
	gateways := n.list("gateways")
	if len(gateways) == 0 {
		delete(n, "gateways")
		gateway := n.str("gateway")
		if gateway == "" {
			return nil
		}
		gateways = []string{gateway}
	}
	for _, g := range gateways {
		if g == "dhcp" {
			continue
		}
		if addr, err := netip.ParseAddr(g); err != nil || !addr.Is4() {
			return worded("Static gateways must be IPv4 addresses: %s", g)
		}
	}
	n["gateways"] = gateways
	n["gateway"] = gateways[0]
	return nil
}
