package vnic

import (
	"crypto/rand"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// RandomMAC is a locally administered unicast address below prefix, by default
// the OUI 02:08:20 that vnics have.
func RandomMAC(prefix net.HardwareAddr) net.HardwareAddr {
	if len(prefix) == 0 {
		prefix = net.HardwareAddr{0x02, 0x08, 0x20}
	}
	mac := make(net.HardwareAddr, 6)
	n := copy(mac, prefix)
	_, _ = rand.Read(mac[n:]) // never fails
	return mac
}

// ParseMAC reads six octets of one or two hex digits with colons between.
func ParseMAC(s string) (net.HardwareAddr, error) {
	mac, err := parseOctets(s)
	if err != nil || len(mac) != 6 {
		return nil, fmt.Errorf("%q is not a MAC address", s)
	}
	return mac, nil
}

// ParseMACPrefix reads the first octets of a MAC address.
func ParseMACPrefix(s string) (net.HardwareAddr, error) {
	mac, err := parseOctets(s)
	if err != nil || len(mac) > 5 {
		return nil, fmt.Errorf("%q is not the prefix of a MAC address", s)
	}
	return mac, nil
}

func parseOctets(s string) (net.HardwareAddr, error) {
	var mac net.HardwareAddr
	for octet := range strings.SplitSeq(s, ":") {
		if len(octet) > 2 || len(mac) == 6 {
			return nil, strconv.ErrSyntax
		}
		n, err := strconv.ParseUint(octet, 16, 8)
		if err != nil {
			return nil, err
		}
		mac = append(mac, byte(n))
	}
	return mac, nil
}

// checkUnicast refuses what no interface may have.
func checkUnicast(mac net.HardwareAddr) error {
	if len(mac) != 6 || mac[0]&1 != 0 || mac.String() == "00:00:00:00:00:00" {
		return fmt.Errorf("%q is not a unicast MAC address", mac)
	}
	return nil
}

// FormatMAC writes an address as dladm does, without leading zeros.
func FormatMAC(mac net.HardwareAddr) string {
	octets := make([]string, len(mac))
	for i, b := range mac {
		octets[i] = strconv.FormatUint(uint64(b), 16)
	}
	return strings.Join(octets, ":")
}
