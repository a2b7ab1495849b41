package vm

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// nic is a network interface as payloads and get have it, with values of the
// table's types.
type nic map[string]any

// Bounds of a nic's addresses.
const (
	maxIPs     = 20
	maxAllowed = 13
	maxAllIPs  = 32
)

func (n nic) str(name string) string    { s, _ := n[name].(string); return s }
func (n nic) truth(name string) bool    { b, _ := n[name].(bool); return b }
func (n nic) list(name string) []string { l, _ := n[name].([]string); return l }

func (n nic) String() string {
	text, err := json.Marshal(map[string]any(n))
	if err != nil {
		return n.str("mac")
	}
	return string(text)
}

// settle makes the two ways of writing addresses agree (ip, netmask, gateway
// and ips, gateways), checks them, and drops what is unset.
func (n nic) settle() error {
	for name, value := range n {
		if value == nil || value == "" {
			delete(n, name)
		}
	}
	if err := n.settleMAC(); err != nil {
		return err
	}
	if err := n.settleIPs(); err != nil {
		return err
	}
	if err := n.settleGateways(); err != nil {
		return err
	}
	n.settleSpoofing()
	return n.checkAllowed()
}

func (n nic) settleMAC() error {
	vrid, isRouter := n["vrrp_vrid"].(int64)
	switch {
	case n.str("mac") != "":
		mac, err := parseMAC(n.str("mac"))
		if err != nil {
			return err
		}
		n["mac"] = mac.String()
	case isRouter && vrid > 0:
		n["mac"] = fmt.Sprintf("00:00:5e:00:01:%02x", vrid)
	default:
		n["mac"] = newMAC().String()
	}
	if mac := n.str("mac"); mac == "00:00:00:00:00:00" || mac[1]&1 != 0 && strings.IndexByte("13579bdf", mac[1]) >= 0 {
		return worded("MAC address %s cannot be that of a nic", mac)
	}
	return nil
}

// newMAC is a random address with the prefix of illumos' own.
func newMAC() net.HardwareAddr {
	mac := net.HardwareAddr{0x02, 0x08, 0x20, 0, 0, 0}
	rand.Read(mac[3:]) // never fails
	return mac
}

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

// settleSpoofing spells out what implies what: an old dhcp_server both
// spoofings, and answering DHCP any address.
func (n nic) settleSpoofing() {
	if n.truth("dhcp_server") {
		n["allow_dhcp_spoofing"] = true
	}
	if n.truth("allow_dhcp_spoofing") {
		n["allow_ip_spoofing"] = true
	}
}

func (n nic) checkAllowed() error {
	allowed := n.list("allowed_ips")
	if len(allowed) > maxAllowed || len(allowed)+len(n.list("ips")) > maxAllIPs {
		return fmt.Errorf("a nic has at most %d allowed_ips, and %d with its ips: %s", maxAllowed, maxAllIPs, n)
	}
	for _, s := range allowed {
		_, err := netip.ParseAddr(s)
		if err != nil {
			_, err = netip.ParsePrefix(s)
		}
		if err != nil {
			return worded("Invalid IP in allowed_ips: %s", s)
		}
	}
	if len(allowed) == 0 {
		delete(n, "allowed_ips")
	}
	return nil
}

// isHostAddress reports whether the nic has an address, and the lowest one.
func (n nic) address() (netip.Addr, bool) {
	var lowest netip.Addr
	for _, s := range n.list("ips") {
		if prefix, err := netip.ParsePrefix(s); err == nil && (!lowest.IsValid() || prefix.Addr().Less(lowest)) {
			lowest = prefix.Addr()
		}
	}
	return lowest, lowest.IsValid()
}

// settleNICs gives the nics of a machine their names and exactly one primary.
func settleNICs(nics []nic, b Brand) error {
	if err := distinct(nics); err != nil {
		return err
	}
	taken := make(map[string]bool)
	for _, n := range nics {
		if name := n.str("interface"); name != "" {
			if taken[name] {
				return worded("Cannot add multiple NICs with the same interface: %s", name)
			}
			taken[name] = true
		}
	}
	for _, n := range nics {
		if n.str("interface") != "" {
			continue
		}
		i := 0
		for taken[b.Link(i)] {
			i++
		}
		n["interface"] = b.Link(i)
		taken[b.Link(i)] = true
	}
	return settlePrimary(nics)
}

func distinct(nics []nic) error {
	seen := make(map[string]bool)
	for _, n := range nics {
		keys := []string{"MAC: " + n.str("mac")}
		for _, ip := range n.list("ips") {
			if ip != "dhcp" && ip != "addrconf" {
				keys = append(keys, "IP: "+ip)
			}
		}
		if vrid, ok := n["vrrp_vrid"].(int64); ok && vrid > 0 {
			keys = append(keys, fmt.Sprintf("VRID: %d", vrid))
		}
		for _, key := range keys {
			if seen[key] {
				return worded("Cannot add multiple NICs with the same %s", key)
			}
			seen[key] = true
		}
	}
	return nil
}

func settlePrimary(nics []nic) error {
	primaries := 0
	for _, n := range nics {
		if n.truth("primary") {
			primaries++
		} else {
			delete(n, "primary")
		}
	}
	switch {
	case primaries > 1:
		return errors.New("payload specifies more than 1 primary NIC")
	case primaries == 0 && len(nics) > 0:
		nics[0]["primary"] = true
	}
	return nil
}

// electPrimary chooses a new primary after the old one was removed: the lowest
// public address, else the lowest of any.
func electPrimary(nics []nic) {
	if slices.ContainsFunc(nics, func(n nic) bool { return n.truth("primary") }) || len(nics) == 0 {
		return
	}
	best, bestAddr := nics[0], netip.Addr{}
	for _, n := range nics {
		addr, ok := n.address()
		if ok && betterPrimary(addr, bestAddr) {
			best, bestAddr = n, addr
		}
	}
	best["primary"] = true
}

func betterPrimary(a, b netip.Addr) bool {
	if !b.IsValid() {
		return true
	}
	if a.IsPrivate() != b.IsPrivate() {
		return b.IsPrivate()
	}
	return a.Less(b)
}
