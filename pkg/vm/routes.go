package vm

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// checkRoutes judges static routes against the machine's nics.
func checkRoutes(routes map[string]any, nics []nic) error {
	for _, dest := range slices.Sorted(maps.Keys(routes)) {
		_, err := netip.ParseAddr(dest)
		if err != nil {
			_, err = netip.ParsePrefix(dest)
		}
		if err != nil {
			return worded("Invalid route destination: %q (must be IP address or CIDR)", dest)
		}
		gateway, _ := routes[dest].(string)
		if err := checkGateway(gateway, nics); err != nil {
			return err
		}
	}
	return nil
}

func checkGateway(gateway string, nics []nic) error {
	if _, err := netip.ParseAddr(gateway); err == nil {
		return nil
	}
	if index, ok := strings.CutPrefix(gateway, "nics["); ok {
		i, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		if err == nil && strings.HasSuffix(index, "]") {
			if i < 0 || i >= len(nics) || !static(nics[i]) {
				return worded("Route gateway: %q refers to non-existent or DHCP nic", gateway)
			}
			return nil
		}
	}
	if text, ok := strings.CutPrefix(gateway, "macs["); ok && strings.HasSuffix(text, "]") {
		if mac, err := parseMAC(strings.TrimSuffix(text, "]")); err == nil {
			i := slices.IndexFunc(nics, func(n nic) bool { return n.str("mac") == mac.String() })
			if i < 0 || !static(nics[i]) {
				return worded("Route gateway: %q refers to non-existent or DHCP nic", gateway)
			}
			return nil
		}
	}
	return worded("Invalid route gateway: %q (must be IP address, MAC address, or nic)", gateway)
}

// static reports whether a nic has an address of its own.
func static(n nic) bool {
	_, ok := n.address()
	return ok
}
