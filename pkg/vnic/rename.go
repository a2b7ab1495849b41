package vnic

import (
	"context"
	"fmt"

	"github.com/vishvananda/netlink"
)

// RenameLink gives a configured link another name. The kernel's link stays,
// with its addresses and whoever listens on it.
func (h *Host) RenameLink(ctx context.Context, from, to string) error {
	if err := CheckLinkName(to); err != nil {
		return err
	}
	l, err := h.lockTable(ctx)
	if err != nil {
		return err
	}
	defer l.Unlock()
	rt, err := openRTNL()
	if err != nil {
		return err
	}
	defer rt.Close()
	t, err := h.loadTable()
	if err != nil {
		return err
	}
	r, err := h.renameable(rt, t, from, to)
	if err != nil {
		return err
	}
	_, temporary := t.temporary.Links[from]
	delete(t.side(temporary).Links, from)
	if err := h.store(t, temporary, to, &r); err != nil {
		return err
	}
	return h.relabel(rt, from, to, r)
}

// renameable refuses names that are taken and links that others know by name.
func (h *Host) renameable(rt *netlink.Handle, t *table, from, to string) (record, error) {
	r, found := t.find(from)
	if !found {
		return r, fmt.Errorf("link %s: %w", from, ErrNotFound)
	}
	if err := h.isFree(rt, t, to); err != nil {
		return r, err
	}
	if over := t.over(from); over != "" {
		return r, fmt.Errorf("link %s: %w by %s", from, ErrBusy, over)
	}
	bridge, err := findLink(rt, r.Kernel)
	if err != nil || bridge == nil || r.Class != ClassEtherstub {
		return r, err
	}
	all, err := listLinks(rt)
	if err != nil {
		return r, err
	}
	if who := portOf(all, bridge); who != "" {
		return r, fmt.Errorf("link %s: %w by %s", from, ErrBusy, who)
	}
	return r, nil
}

// relabel tells the kernel's links their new name.
func (h *Host) relabel(rt *netlink.Handle, from, to string, r record) error {
	for _, kernel := range []string{r.Kernel, portName(r)} {
		link, err := findLink(rt, kernel)
		if err != nil {
			return err
		}
		if link == nil {
			continue
		}
		l, _ := parseLabel(link.Attrs().Alias)
		l.root, l.link = h.root.ID(), to
		if err := rt.LinkSetAlias(link, l.String()); err != nil {
			return err
		}
	}
	link, err := findLink(rt, r.Kernel)
	if link == nil || err != nil {
		return err
	}
	if err := rt.LinkDelAltName(link, h.root.KernelName(from)); err != nil {
		h.log.Debug("no alternative name", "link", from, "err", err)
	}
	h.nameLink(rt, link, to)
	return nil
}
