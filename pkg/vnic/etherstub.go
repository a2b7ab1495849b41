package vnic

import (
	"context"
	"fmt"

	"github.com/vishvananda/netlink"
)

// CreateEtherstub makes a switch that is connected to nothing but the nics
// over it.
func (h *Host) CreateEtherstub(ctx context.Context, name string, o CreateOptions) error {
	return h.create(ctx, name, o, func(*netlink.Handle, *table) (record, error) {
		return record{Class: ClassEtherstub}, nil
	})
}

// DeleteEtherstub removes a switch that nothing lies over.
func (h *Host) DeleteEtherstub(ctx context.Context, name string, o CreateOptions) error {
	return h.remove(ctx, name, ClassEtherstub, o, func(rt *netlink.Handle, t *table, r record) error {
		if over := t.over(name); over != "" {
			return fmt.Errorf("link %s: %w by %s", name, ErrBusy, over)
		}
		return h.removeStub(rt, name, r.Kernel)
	})
}

// removeStub removes the bridges of an etherstub, those of its VLANs too,
// unless a nic is on one of them.
func (h *Host) removeStub(rt *netlink.Handle, name, kernel string) error {
	all, err := listLinks(rt)
	if err != nil {
		return err
	}
	bridges := []string{kernel} // perhaps half made, without a label
	for _, link := range all {
		l, ours := parseLabel(link.Attrs().Alias)
		if !ours || l.root != h.root.ID() || link.Type() != "bridge" || l.link != name && l.over != name {
			continue
		}
		if who := portOf(all, link); who != "" {
			return fmt.Errorf("link %s: %w by %s", name, ErrBusy, who)
		}
		bridges = append(bridges, link.Attrs().Name)
	}
	for _, bridge := range bridges {
		if err := h.removeBridge(rt, bridge); err != nil {
			return err
		}
	}
	return nil
}

// portOf names somebody who is on a bridge.
func portOf(all []netlink.Link, bridge netlink.Link) string {
	for _, link := range all {
		if link.Attrs().MasterIndex != bridge.Attrs().Index {
			continue
		}
		switch l, _ := parseLabel(link.Attrs().Alias); {
		case l.zone != "":
			return "zone " + l.zone
		case l.link != "":
			return l.link
		default:
			return link.Attrs().Name
		}
	}
	return ""
}
