package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const resolvConf = "/etc/resolv.conf"

// network gives the host its addresses. Each lies on a bridge that is called
// as the nic tag and has the tag's link as a port, so that zones can be on the
// same link without cutting the host off.
func (s *System) network(ctx context.Context, c *Config) error {
	if err := writeResolvers(c.Resolvers); err != nil {
		return err
	}
	var errs []error
	for _, a := range c.Links {
		if err := s.address(ctx, a, len(c.Resolvers) == 0); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", a.Tag, err))
		}
	}
	return errors.Join(errs...)
}

func (s *System) address(ctx context.Context, a Address, resolvers bool) error {
	bridge, err := hostBridge(a.Tag, a.MAC)
	if err != nil {
		return err
	}
	if a.DHCP {
		go s.keepLease(ctx, bridge, resolvers)
		return nil
	}
	if err := netlink.AddrReplace(bridge, &netlink.Addr{IPNet: ipNet(a.Addr)}); err != nil {
		return fmt.Errorf("address %s: %w", a.Addr, err)
	}
	if a.Gateway.IsValid() {
		return defaultRoute(bridge, a.Gateway)
	}
	return nil
}

// hostBridge makes the bridge of a tag over the card with the address mac.
func hostBridge(tag string, mac net.HardwareAddr) (netlink.Link, error) {
	card, err := cardByMAC(mac)
	if err != nil {
		return nil, err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.HardwareAddr, attrs.MTU = tag, mac, card.Attrs().MTU
	off := false
	bridge := &netlink.Bridge{LinkAttrs: attrs, MulticastSnooping: &off}
	if err := netlink.LinkAdd(bridge); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, fmt.Errorf("bridge %s: %w", tag, err)
	}
	made, err := netlink.LinkByName(tag)
	if err != nil {
		return nil, err
	}
	return made, errors.Join(netlink.LinkSetMaster(card, made), netlink.LinkSetUp(card), netlink.LinkSetUp(made))
}

func cardByMAC(mac net.HardwareAddr) (netlink.Link, error) {
	all, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	for _, l := range all {
		if l.Type() == "device" && bytes.Equal(l.Attrs().HardwareAddr, mac) {
			return l, nil
		}
	}
	return nil, fmt.Errorf("there is no network card with the address %s", mac)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func defaultRoute(l netlink.Link, gateway netip.Addr) error {
	err := netlink.RouteReplace(&netlink.Route{LinkIndex: l.Attrs().Index, Gw: gateway.AsSlice()})
	if err != nil {
		return fmt.Errorf("default route via %s: %w", gateway, err)
	}
	return nil
}

// keepLease has an address from a DHCP server for as long as the system runs.
func (s *System) keepLease(ctx context.Context, l netlink.Link, resolvers bool) {
	if err := awaitEntropy(); err != nil {
		s.Log.Warn("dhcp", "link", l.Attrs().Name, "error", err)
	}
	for ctx.Err() == nil {
		wait, err := takeLease(ctx, l, resolvers)
		if err != nil {
			s.Log.Warn("dhcp", "link", l.Attrs().Name, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// awaitEntropy waits until the kernel has random numbers, and by waiting makes
// it gather what they need: a client that only asks again and again, as DHCP's
// does, would get none on a quiet machine whose processor makes none.
func awaitEntropy() error {
	if _, err := unix.Getrandom(make([]byte, 1), 0); err != nil {
		return fmt.Errorf("random numbers: %w", err)
	}
	return nil
}

// takeLease asks once and returns when to ask again.
func takeLease(ctx context.Context, l netlink.Link, resolvers bool) (time.Duration, error) {
	const again = 5 * time.Second
	client, err := nclient4.New(l.Attrs().Name, nclient4.WithTimeout(2*time.Second), nclient4.WithRetry(3))
	if err != nil {
		return again, err
	}
	defer client.Close()
	lease, err := client.Request(ctx)
	if err != nil {
		return again, err
	}
	ack := lease.ACK
	length := ack.IPAddressLeaseTime(time.Hour)
	seconds := int(length / time.Second)
	addr := &netlink.Addr{
		IPNet: &net.IPNet{IP: ack.YourIPAddr, Mask: ack.SubnetMask()}, ValidLft: seconds, PreferedLft: seconds,
	}
	if err := netlink.AddrReplace(l, addr); err != nil {
		return again, fmt.Errorf("address %s: %w", ack.YourIPAddr, err)
	}
	for _, gw := range ack.Router()[:min(1, len(ack.Router()))] {
		if a, ok := netip.AddrFromSlice(gw.To4()); ok {
			if err := defaultRoute(l, a); err != nil {
				return again, err
			}
		}
	}
	if resolvers {
		var all []netip.Addr
		for _, ip := range ack.DNS() {
			if a, ok := netip.AddrFromSlice(ip.To4()); ok {
				all = append(all, a)
			}
		}
		if err := writeResolvers(all); err != nil {
			return again, err
		}
	}
	return max(length/2, again), nil
}

func writeResolvers(all []netip.Addr) error {
	var b strings.Builder
	for _, a := range all {
		fmt.Fprintf(&b, "nameserver %s\n", a)
	}
	return os.WriteFile(resolvConf, []byte(b.String()), 0o644)
}
