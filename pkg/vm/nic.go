package vm

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
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

// address is the lowest of the nic, and whether it has one.
func (n nic) address() (netip.Addr, bool) {
	var lowest netip.Addr
	for _, s := range n.list("ips") {
		if prefix, err := netip.ParsePrefix(s); err == nil && (!lowest.IsValid() || prefix.Addr().Less(lowest)) {
			lowest = prefix.Addr()
		}
	}
	return lowest, lowest.IsValid()
}
