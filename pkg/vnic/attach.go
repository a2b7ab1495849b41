package vnic

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/smartbox-os/smartbox/internal/revert"
)

// Attach gives a zone its links, with addresses, routes and protection, before
// its init runs; lo is brought up. netns is the zone's network namespace, owned
// by its user namespace. The host's ends are known by the zone's name, so that
// Detach finds them after any crash; Attach begins with a Detach. DHCP leases
// are waited for at most some seconds; Keep goes on asking. The caller lets
// only one Attach or Detach run at a time for one zone.
func (h *Host) Attach(ctx context.Context, zone string, netns *os.File, nics []NIC, routes []Route) (*Attached, error) {
	if err := h.Detach(ctx, zone); err != nil {
		return nil, err
	}
	z := &zoneLinks{Routes: routes}
	if len(nics) == 0 {
		return &Attached{}, inside(netns, z.configure)
	}
	rt, err := openRTNL()
	if err != nil {
		return nil, err
	}
	defer rt.Close()
	if err := h.plan(rt, zone, z, nics); err != nil {
		return nil, err
	}
	undo := revert.New()
	defer undo.Fail()
	undo.Add(func() error { return h.Detach(context.WithoutCancel(ctx), zone) })
	if err := h.connect(ctx, rt, zone, netns, z); err != nil {
		return nil, err
	}
	if err := inside(netns, z.configure); err != nil {
		return nil, err
	}
	awaitPorts(rt, z)
	if err := h.firstLeases(ctx, zone, netns, z); err != nil {
		return nil, err
	}
	undo.Success()
	return &Attached{Resolvers: z.resolvers()}, nil
}

// plan checks every nic and finds what it lies over, before anything is made.
func (h *Host) plan(rt *netlink.Handle, zone string, z *zoneLinks, nics []NIC) error {
	for _, nic := range nics {
		n, err := h.check(rt, nic)
		if err != nil {
			return fmt.Errorf("nic %s: %w", nic.Name, err)
		}
		if z.find(nic.Name) != nil {
			return fmt.Errorf("nic %s is there twice", nic.Name)
		}
		n.Kernel = kernelName(h.root, classZone, zone, nic.Name)
		z.NICs = append(z.NICs, *n)
	}
	return nil
}

// connect makes the links. Where a switch may have to be made, nobody else may
// remove it meanwhile.
func (h *Host) connect(ctx context.Context, rt *netlink.Handle, zone string, netns *os.File, z *zoneLinks) error {
	ready, err := h.findSwitches(rt, z)
	if err != nil {
		return err
	}
	if !ready {
		l, err := h.lockTable(ctx)
		if err != nil {
			return err
		}
		defer l.Unlock()
	}
	if err := h.storeZone(zone, z); err != nil {
		return fmt.Errorf("note the links of zone %s: %w", zone, err)
	}
	if !ready {
		if err := h.makeSwitches(rt, z); err != nil {
			return err
		}
	}
	return h.join(rt, zone, netns, z)
}

// findSwitches reports whether all nics are on switches that are there and
// will stay, as etherstubs do.
func (h *Host) findSwitches(rt *netlink.Handle, z *zoneLinks) (ready bool, err error) {
	ready = true
	for i := range z.NICs {
		n := &z.NICs[i]
		if n.up.stub != nil && n.VLAN == 0 {
			if n.bridge, err = h.readyStub(rt, n.up); err != nil {
				return false, err
			}
		}
		ready = ready && (n.bridge != nil || n.Macvlan && len(n.Switches) == 0)
	}
	return ready, nil
}

func (h *Host) makeSwitches(rt *netlink.Handle, z *zoneLinks) (err error) {
	for i := range z.NICs {
		n := &z.NICs[i]
		if n.bridge != nil || n.Macvlan {
			continue
		}
		if n.bridge, err = h.bridge(rt, n.up, n.VLAN); err != nil {
			return fmt.Errorf("nic %s: %w", n.Name, err)
		}
	}
	return nil
}

// join makes the links; the host's ends become ports only after their filters
// are in force.
func (h *Host) join(rt *netlink.Handle, zone string, netns *os.File, z *zoneLinks) error {
	for i := range z.NICs {
		if err := h.makeLink(rt, zone, netns, &z.NICs[i]); err != nil {
			return fmt.Errorf("nic %s: %w", z.NICs[i].Name, err)
		}
	}
	if err := h.protectAll(zone, z); err != nil {
		return err
	}
	for _, n := range z.NICs {
		if n.Macvlan {
			continue
		}
		if err := errors.Join(rt.LinkSetMaster(n.host, n.bridge), rt.LinkSetUp(n.host)); err != nil {
			return fmt.Errorf("nic %s: join %s: %w", n.Name, n.Over, err)
		}
	}
	return nil
}

// awaitPorts waits a moment until the switches forward what the zone sends:
// the kernel lets them know of a new port's carrier behind our back, and a
// first packet that is lost costs a second.
func awaitPorts(rt *netlink.Handle, z *zoneLinks) {
	for deadline := time.Now().Add(100 * time.Millisecond); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if !slices.ContainsFunc(z.NICs, func(n zoneNIC) bool { return !n.isForwarding(rt) }) {
			return
		}
	}
}

func (n *zoneNIC) isForwarding(rt *netlink.Handle) bool {
	if n.host == nil {
		return true
	}
	port, err := rt.LinkByIndex(n.host.Attrs().Index)
	return err != nil || port.Attrs().OperState == netlink.OperUp
}

// Detach removes every link, filter and table entry of a zone. It is
// idempotent.
func (h *Host) Detach(ctx context.Context, zone string) error {
	z, err := h.loadZone(zone)
	if z == nil || err != nil {
		return err
	}
	rt, err := openRTNL()
	if err != nil {
		return err
	}
	defer rt.Close()
	for _, n := range z.NICs {
		if err := removeLink(rt, n.Kernel); err != nil {
			return err
		}
	}
	if err := dropTable(h.zoneTable(zone)); err != nil {
		return fmt.Errorf("remove the filters of zone %s: %w", zone, err)
	}
	if err := h.leaveSwitches(ctx, rt, zone, z); err != nil {
		return err
	}
	return h.forgetZone(zone)
}

// leaveSwitches removes the switches that only this zone still needed.
func (h *Host) leaveSwitches(ctx context.Context, rt *netlink.Handle, zone string, z *zoneLinks) error {
	if !slices.ContainsFunc(z.NICs, func(n zoneNIC) bool { return len(n.Switches) > 0 }) {
		return nil
	}
	l, err := h.lockTable(ctx)
	if err != nil {
		return err
	}
	defer l.Unlock()
	for _, n := range z.NICs {
		for _, name := range n.Switches {
			if err := h.releaseSwitch(rt, name, zone, ""); err != nil {
				return fmt.Errorf("remove the switch over %s: %w", n.Over, err)
			}
		}
	}
	return nil
}
