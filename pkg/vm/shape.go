package vm

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// shapeOf checks, beyond its type, the text of a property's coerced value.
func shapeOf(name string, value any) error {
	switch name {
	case "max_swap":
		if n, ok := value.(int64); ok && n < minSwap {
			return fmt.Errorf("%d is below %d", n, minSwap)
		}
	case "resolvers":
		return each(value, func(s string) error {
			_, err := netip.ParseAddr(s)
			if err != nil {
				return fmt.Errorf("%q is not an IP address", s)
			}
			return nil
		})
	case "internal_metadata_namespaces":
		return each(value, func(s string) error {
			if s == "" || strings.Trim(s, namespaceChars) != "" {
				return fmt.Errorf("%q has characters other than letters, digits and ._-", s)
			}
			return nil
		})
	case "nics.*.mac":
		if s, ok := value.(string); ok {
			_, err := parseMAC(s)
			return err
		}
	case "zonename":
		if s, ok := value.(string); ok {
			return checkZoneName(s)
		}
	}
	return hvmShape(name, value)
}

func hvmShape(name string, value any) error {
	switch name {
	case "disks.*.model":
		return oneOf(value, "virtio", "scsi", "ide", "nvme", "ahci")
	case "disks.*.media":
		return oneOf(value, "disk", "cdrom")
	case "vga":
		return oneOf(value, "cirrus", "std", "vmware", "qxl", "xenfb")
	case "disks.*.block_size":
		if n, ok := value.(int64); ok && (n < 512 || n > 131072 || n&(n-1) != 0) {
			return fmt.Errorf("%d is no power of two from 512 to 131072", n)
		}
	}
	return nil
}

const namespaceChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

func each(value any, check func(string) error) error {
	list, _ := value.([]string)
	for _, s := range list {
		if err := check(s); err != nil {
			return err
		}
	}
	return nil
}

func oneOf(value any, words ...string) error {
	s, ok := value.(string)
	if !ok || slices.Contains(words, s) {
		return nil
	}
	return fmt.Errorf("%q is not one of %s", s, strings.Join(words, ", "))
}

func checkZoneName(s string) error {
	ok := s != "" && len(s) < 64 && s != "global" && !strings.HasPrefix(s, "SUNW") &&
		strings.Trim(s, namespaceChars) == "" && strings.Trim(s[:1], "._-") != ""
	if !ok {
		return fmt.Errorf("%q is not the name of a zone", s)
	}
	return nil
}

// parseMAC reads six octets; leading zeros may be left out.
func parseMAC(s string) (net.HardwareAddr, error) {
	parts := strings.Split(s, ":")
	mac := make(net.HardwareAddr, 0, 6)
	for _, part := range parts {
		n, err := strconv.ParseUint(part, 16, 8)
		if err != nil || len(part) > 2 {
			return nil, fmt.Errorf("%q is not a MAC address", s)
		}
		mac = append(mac, byte(n))
	}
	if len(mac) != 6 {
		return nil, fmt.Errorf("%q is not a MAC address", s)
	}
	return mac, nil
}
