package vnic

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// firstLeases asks for all leases at once and waits a while for them.
func (h *Host) firstLeases(ctx context.Context, zone string, netns *os.File, z *zoneLinks) error {
	if !z.waits() {
		return nil
	}
	asking, cancel := context.WithTimeout(ctx, h.patience)
	defer cancel()
	var wait sync.WaitGroup
	for i := range z.NICs {
		n := &z.NICs[i]
		if !n.DHCP {
			continue
		}
		wait.Go(func() {
			var err error
			if n.Lease, err = ask(asking, netns, n.Name, nil); err != nil {
				h.log.Warn("no dhcp lease yet", "zone", zone, "err", err)
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	return h.applyLeases(zone, netns, z, nil)
}

// Keep renews DHCP leases of a zone's nics until ctx ends. lease is called with
// the resolvers of each new lease. It returns at once when no nic asks for DHCP.
func (h *Host) Keep(ctx context.Context, zone string, netns *os.File, nics []NIC, lease func([]netip.Addr)) error {
	var wait sync.WaitGroup
	for _, nic := range nics {
		if nic.DHCP {
			wait.Go(func() { h.keepLease(ctx, zone, netns, nic.Name, lease) })
		}
	}
	wait.Wait()
	return nil
}

// NextRenewal is when Keep will next have something to do for the nics, if each
// has its lease.
func (h *Host) NextRenewal(zone string, nics []NIC) (next time.Time, ok bool) {
	for _, nic := range nics {
		if !nic.DHCP {
			continue
		}
		held := h.heldLease(zone, nic.Name)
		if held == nil {
			return time.Time{}, false
		}
		if next.IsZero() || held.Renew.Before(next) {
			next = held.Renew
		}
	}
	return next, !next.IsZero()
}

// keepLease keeps one nic's lease until ctx ends. Nobody can be told of a
// failure but the log, and the next try may do better.
func (h *Host) keepLease(ctx context.Context, zone string, netns *os.File, nic string, told func([]netip.Addr)) {
	held := h.heldLease(zone, nic)
	for ctx.Err() == nil {
		if held != nil && !sleepUntil(ctx, held.Renew) {
			return
		}
		next := h.renew(ctx, netns, nic, held)
		if ctx.Err() != nil {
			return
		}
		if next == nil && held == nil {
			sleepUntil(ctx, time.Now().Add(retryPause))
			continue
		}
		z, err := h.noteLease(ctx, zone, netns, nic, next)
		if err != nil {
			h.log.Warn("dhcp lease not applied", "zone", zone, "nic", nic, "err", err)
			sleepUntil(ctx, time.Now().Add(retryPause))
			continue
		}
		if held = next; held != nil {
			told(z.resolvers())
		}
	}
}

func (h *Host) heldLease(zone, nic string) *lease {
	z, err := h.loadZone(zone)
	if z == nil || err != nil {
		return nil
	}
	if n := z.find(nic); n != nil {
		return n.Lease
	}
	return nil
}

// renew asks for held again until it expires, and else for any lease. It is nil
// when there is none to be had.
func (h *Host) renew(ctx context.Context, netns *os.File, nic string, held *lease) *lease {
	until := time.Now().Add(time.Minute)
	if held != nil {
		until = held.Expires
	}
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	next, err := ask(ctx, netns, nic, held)
	if err != nil {
		h.log.Warn("dhcp", "nic", nic, "err", err)
		return nil
	}
	return next
}

// sleepUntil reports whether the time came before ctx ended.
func sleepUntil(ctx context.Context, t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// noteLease puts a new lease, or the loss of one (nil), into force.
func (h *Host) noteLease(ctx context.Context, zone string, netns *os.File, nic string, next *lease) (*zoneLinks, error) {
	l, err := h.lockTable(ctx)
	if err != nil {
		return nil, err
	}
	defer l.Unlock()
	z, err := h.loadZone(zone)
	if err != nil {
		return nil, err
	}
	if z == nil || z.find(nic) == nil {
		return nil, fmt.Errorf("nic %s: %w", nic, ErrNotFound)
	}
	n := z.find(nic)
	lost := n.Lease
	n.Lease = next
	if lost != nil && next != nil && lost.Addr == next.Addr {
		lost = nil
	}
	return z, h.applyLeases(zone, netns, z, dropOf(nic, lost))
}

// drop is an address that a nic no longer has.
type drop struct {
	nic  string
	addr netip.Prefix
}

func dropOf(nic string, lost *lease) []drop {
	if lost == nil {
		return nil
	}
	return []drop{{nic, lost.Addr}}
}

// applyLeases stores the leases, lets them pass the filters, and gives the
// zone their addresses and routes.
func (h *Host) applyLeases(zone string, netns *os.File, z *zoneLinks, drops []drop) error {
	if err := h.storeZone(zone, z); err != nil {
		return err
	}
	if err := h.protectAll(zone, z); err != nil {
		return err
	}
	return inside(netns, func() error {
		rt, err := openRTNL()
		if err != nil {
			return err
		}
		defer rt.Close()
		for _, d := range drops {
			if err := dropAddr(rt, d); err != nil {
				return err
			}
		}
		for i := range z.NICs {
			if err := z.NICs[i].addLeased(rt); err != nil {
				return err
			}
		}
		return z.syncRoutes(rt)
	})
}

func dropAddr(rt *netlink.Handle, d drop) error {
	link, err := findLink(rt, d.nic)
	if link == nil || err != nil {
		return err
	}
	err = rt.AddrDel(link, addrOf(d.addr))
	if err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
		return fmt.Errorf("nic %s: remove address %s: %w", d.nic, d.addr, err)
	}
	return nil
}

// addLeased gives the nic its leased address.
func (n *zoneNIC) addLeased(rt *netlink.Handle) error {
	if n.Lease == nil || slices.Contains(n.Addrs, n.Lease.Addr) {
		return nil
	}
	link, err := rt.LinkByName(n.Name)
	if err != nil {
		return fmt.Errorf("nic %s: %w", n.Name, err)
	}
	return addAddr(rt, link, n.Lease.Addr)
}
