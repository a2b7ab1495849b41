package vnic

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// openRTNL is an rtnetlink socket in this thread's network namespace.
func openRTNL() (*netlink.Handle, error) {
	rt, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open rtnetlink: %w", err)
	}
	return rt, nil
}

// inside runs f on a thread in the network namespace ns. The thread is thrown
// away, so that no goroutine is ever found in a zone's namespace by mistake.
func inside(ns *os.File, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("enter network namespace: %w", err)
			return
		}
		done <- f()
	}()
	return <-done
}

// findLink is nil, nil when there is no link of that name.
func findLink(rt *netlink.Handle, name string) (netlink.Link, error) {
	link, err := rt.LinkByName(name)
	if _, missing := errors.AsType[netlink.LinkNotFoundError](err); missing {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up link %s: %w", name, err)
	}
	return link, nil
}

// listLinks lists all links of the network namespace.
func listLinks(rt *netlink.Handle) ([]netlink.Link, error) {
	return dump("list links", rt.LinkList)
}

// dump asks again when something came or went meanwhile.
func dump[T any](what string, ask func() (T, error)) (T, error) {
	for try := 0; ; try++ {
		all, err := ask()
		if err == nil {
			return all, nil
		}
		if !errors.Is(err, netlink.ErrDumpInterrupted) || try == 100 {
			return all, fmt.Errorf("%s: %w", what, err)
		}
	}
}

// patiently tries again while a zone that ended still holds the physical link:
// the kernel takes a moment to clean up after one.
func patiently(try func() error) error {
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := try()
		busy := errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EADDRINUSE)
		if !busy || time.Now().After(deadline) {
			return err
		}
	}
}

// removeLink removes a link; one that is gone is fine.
func removeLink(rt *netlink.Handle, name string) error {
	link, err := findLink(rt, name)
	if link == nil || err != nil {
		return err
	}
	if err := rt.LinkDel(link); err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("remove link %s: %w", name, err)
	}
	return nil
}

// noHostIPv6 keeps the host from having an address on the link by itself.
func noHostIPv6(rt *netlink.Handle, link netlink.Link) error {
	err := rt.LinkSetIP6AddrGenMode(link, nl.IN6_ADDR_GEN_MODE_NONE)
	if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil // a host without IPv6
	}
	return err
}

// ipv6Sysctl sets net.ipv6.conf.LINK.KEY in this thread's network namespace; a
// kernel without IPv6 has nothing to set.
func ipv6Sysctl(link, key, value string) error {
	path := filepath.Join("/proc/sys/net/ipv6/conf", link, key)
	err := os.WriteFile(path, []byte(value), 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
