package vnic

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// configure sets up everything in this thread's network namespace, which is
// new. A zone without links is common and must cost next to nothing.
func (z *zoneLinks) configure() error {
	if err := loopbackUp(); err != nil {
		return err
	}
	if len(z.NICs) == 0 && len(z.Routes) == 0 {
		return nil
	}
	rt, err := openRTNL()
	if err != nil {
		return err
	}
	defer rt.Close()
	for i := range z.NICs {
		if err := configureNIC(rt, &z.NICs[i].NIC); err != nil {
			return fmt.Errorf("nic %s: %w", z.NICs[i].Name, err)
		}
	}
	return z.addRoutes(rt, nil)
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("bring lo up: %w", err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_LOOPBACK)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("bring lo up: %w", err)
	}
	return nil
}

func configureNIC(rt *netlink.Handle, nic *NIC) error {
	link, err := rt.LinkByName(nic.Name)
	if err != nil {
		return err
	}
	if err := prepareIPv6(rt, link, nic); err != nil {
		return err
	}
	if err := patiently(func() error { return rt.LinkSetUp(link) }); err != nil {
		return fmt.Errorf("bring up: %w", err)
	}
	for _, prefix := range nic.Addrs {
		if err := addAddr(rt, link, prefix); err != nil {
			return err
		}
	}
	return nil
}

// prepareIPv6 decides before the link is up: no router is listened to unless
// addrconf is asked for, no address is probed for a second before it may be
// used (the host knows who has it), and a nic without IPv6 stays silent.
func prepareIPv6(rt *netlink.Handle, link netlink.Link, nic *NIC) error {
	accept := "0"
	if nic.Addrconf {
		accept = "1"
	}
	if err := errors.Join(ipv6Sysctl(nic.Name, "accept_ra", accept), ipv6Sysctl(nic.Name, "accept_dad", "0")); err != nil {
		return err
	}
	if nic.usesIPv6() {
		return nil
	}
	return noHostIPv6(rt, link)
}

func (n *NIC) usesIPv6() bool {
	for _, p := range n.Addrs {
		if p.Addr().Is6() {
			return true
		}
	}
	return n.Addrconf
}

func addAddr(rt *netlink.Handle, link netlink.Link, prefix netip.Prefix) error {
	err := rt.AddrReplace(link, addrOf(prefix))
	if err != nil {
		return fmt.Errorf("add address %s: %w", prefix, err)
	}
	return nil
}

func addrOf(prefix netip.Prefix) *netlink.Addr {
	addr := &netlink.Addr{IPNet: ipNet(prefix)}
	if prefix.Addr().Is6() {
		addr.Flags = unix.IFA_F_NODAD
	}
	return addr
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
