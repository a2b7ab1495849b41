package vnic

import (
	"context"
	"fmt"
	"strconv"

	"github.com/vishvananda/netlink"

	"github.com/smartbox-os/smartbox/internal/revert"
)

// CreateOptions are common to all links that are made.
type CreateOptions struct {
	Temporary bool // until the host's next boot
}

// create notes a new link and makes it; on failure neither stays.
func (h *Host) create(ctx context.Context, name string, o CreateOptions, spec func(*netlink.Handle, *table) (record, error)) error {
	if err := CheckLinkName(name); err != nil {
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
	if err := h.isFree(rt, t, name); err != nil {
		return err
	}
	r, err := spec(rt, t)
	if err != nil {
		return err
	}
	r.Kernel = h.freeKernelName(t, r.Class, name)
	undo := revert.New()
	defer undo.Fail()
	undo.Add(func() error { return h.store(t, o.Temporary, name, nil) })
	if err := h.store(t, o.Temporary, name, &r); err != nil {
		return err
	}
	if err := h.ensure(rt, name, r); err != nil {
		return err
	}
	undo.Success()
	return nil
}

// freeKernelName is made of the name, and differs from that of a link that had
// this name before it was renamed.
func (h *Host) freeKernelName(t *table, class Class, name string) string {
	letter := classBridge
	if class == ClassVNIC {
		letter = classVNIC
	}
	used := map[string]bool{}
	for _, r := range t.all() {
		used[r.Kernel] = true
	}
	kernel := kernelName(h.root, letter, name)
	for i := 1; used[kernel]; i++ {
		kernel = kernelName(h.root, letter, name, strconv.Itoa(i))
	}
	return kernel
}

// isFree refuses names that a configured or physical link or a tag has.
func (h *Host) isFree(rt *netlink.Handle, t *table, name string) error {
	if _, taken := t.find(name); taken {
		return fmt.Errorf("link %s: %w", name, ErrExists)
	}
	tag, err := h.findTag(name)
	if err != nil {
		return err
	}
	link, err := physByName(rt, name)
	if err != nil {
		return err
	}
	if link != nil || tag != nil && tag.Type != TagEtherstub {
		return fmt.Errorf("link %s: %w", name, ErrExists)
	}
	return nil
}

// remove takes a link out of the kernel and then out of the table. With
// o.Temporary a persistent link comes back at the next boot.
func (h *Host) remove(ctx context.Context, name string, class Class, o CreateOptions, unmake func(*netlink.Handle, *table, record) error) error {
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
	r, found := t.find(name)
	if !found || r.Class != class {
		return fmt.Errorf("%s %s: %w", class, name, ErrNotFound)
	}
	if err := unmake(rt, t, r); err != nil {
		return err
	}
	_, temporary := t.temporary.Links[name]
	if o.Temporary && !temporary {
		return nil
	}
	return h.store(t, temporary, name, nil)
}

// over is a link of the table that lies over name.
func (t *table) over(name string) string {
	for link, r := range t.all() {
		if r.Over == name {
			return link
		}
	}
	return ""
}
