package vnic

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
)

// EnsureAll makes every configured link that the kernel lacks, as a boot of
// the host needs. It goes on after a failure and returns all of them.
func (h *Host) EnsureAll(ctx context.Context) error {
	return h.ensureSome(ctx, func(string) bool { return true })
}

// Ensure makes one configured link, and what it lies over, if the kernel lacks
// it.
func (h *Host) Ensure(ctx context.Context, name string) error {
	found := false
	err := h.ensureSome(ctx, func(link string) bool {
		found = found || link == name
		return link == name
	})
	if err == nil && !found {
		return fmt.Errorf("link %s: %w", name, ErrNotFound)
	}
	return err
}

func (h *Host) ensureSome(ctx context.Context, wanted func(string) bool) error {
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
	var errs []error
	for name, r := range t.all() { // in any order: each makes what it lies over
		if wanted(name) {
			errs = append(errs, h.ensure(rt, name, r))
		}
	}
	return errors.Join(errs...)
}

// ensure makes what the kernel lacks of a configured link. The table is
// locked.
func (h *Host) ensure(rt *netlink.Handle, name string, r record) error {
	switch r.Class {
	case ClassEtherstub:
		return h.makeBridge(rt, r.Kernel, &uplink{name: name, stub: &r}, 0)
	case ClassVNIC:
		return h.makeVNIC(rt, name, r)
	}
	return fmt.Errorf("link %s is of the unknown class %s", name, r.Class)
}
