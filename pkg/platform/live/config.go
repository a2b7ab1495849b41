package live

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/internal/paths"
)

// Config is what /usbkey/config says of the node itself, in SmartOS's words:
// TAG_nic, TAG_ip, TAG_netmask, TAG_gateway, hostname, dns_resolvers.
type Config struct {
	Hostname  string
	Resolvers []netip.Addr
	Links     []Address
}

// Address is what the host itself has on a nic tag's link.
type Address struct {
	Tag     string
	MAC     net.HardwareAddr
	DHCP    bool
	Addr    netip.Prefix // without DHCP
	Gateway netip.Addr   // may be invalid: none
}

// ReadConfig reads the node's configuration; one that is not there is empty.
func ReadConfig(root paths.Root) (*Config, error) {
	data, err := os.ReadFile(filepath.Join(root.Usbkey(), "config"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	c, err := ParseConfig(data)
	if err != nil {
		return nil, fmt.Errorf("/usbkey/config: %w", err)
	}
	return c, nil
}

// ParseConfig reads KEY=value lines; others' keys are passed over.
func ParseConfig(data []byte) (*Config, error) {
	values := map[string]string{}
	var order []string
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		key, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		if !slices.Contains(order, key) {
			order = append(order, key)
		}
		values[key] = strings.Trim(strings.TrimSpace(value), `"'`)
	}
	c := &Config{Hostname: values["hostname"]}
	for word := range strings.FieldsFuncSeq(values["dns_resolvers"], func(r rune) bool { return r == ',' || r == ' ' }) {
		a, err := netip.ParseAddr(word)
		if err != nil {
			return nil, fmt.Errorf("dns_resolvers: %q is not an IP address", word)
		}
		c.Resolvers = append(c.Resolvers, a)
	}
	for _, key := range order {
		tag, ok := strings.CutSuffix(key, "_ip")
		if !ok || values[tag+"_nic"] == "" || values[key] == "" || values[key] == "none" {
			continue
		}
		a, err := parseAddress(tag, values)
		if err != nil {
			return nil, err
		}
		c.Links = append(c.Links, a)
	}
	return c, lines.Err()
}

func parseAddress(tag string, values map[string]string) (Address, error) {
	a := Address{Tag: tag}
	var err error
	if a.MAC, err = net.ParseMAC(values[tag+"_nic"]); err != nil {
		return a, fmt.Errorf("%s_nic: %q is not a MAC address", tag, values[tag+"_nic"])
	}
	ip := values[tag+"_ip"]
	if ip == "dhcp" {
		a.DHCP = true
		return a, nil
	}
	if a.Addr, err = parsePrefix(ip, values[tag+"_netmask"]); err != nil {
		return a, fmt.Errorf("%s_ip: %w", tag, err)
	}
	if gw := values[tag+"_gateway"]; gw != "" && gw != "none" {
		if a.Gateway, err = netip.ParseAddr(gw); err != nil {
			return a, fmt.Errorf("%s_gateway: %q is not an IP address", tag, gw)
		}
	}
	return a, nil
}

// parsePrefix reads 192.0.2.3/24, or an address and a netmask in dots.
func parsePrefix(ip, netmask string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(ip); err == nil {
		return p, nil
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not an IP address", ip)
	}
	if bits, err := strconv.Atoi(netmask); err == nil {
		if p := netip.PrefixFrom(addr, bits); p.IsValid() {
			return p, nil
		}
	}
	mask := net.ParseIP(netmask).To4()
	ones, size := net.IPMask(mask).Size()
	if mask == nil || size == 0 || !addr.Is4() {
		return netip.Prefix{}, fmt.Errorf("the netmask %q of %s is none", netmask, ip)
	}
	return netip.PrefixFrom(addr, ones), nil
}
