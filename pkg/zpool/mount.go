package zpool

import (
	"context"
	"errors"
	"slices"
)

// MountAll mounts every filesystem that is mounted by itself (canmount on, a
// path as mountpoint, not zoned), parents first.
func (h *Host) MountAll(ctx context.Context) error {
	all, err := h.List(ctx, ListOptions{Types: []Type{Filesystem}, Props: []string{"mountpoint", "canmount", "zoned"}})
	errs := []error{err}
	for _, d := range all {
		if m := d.Get("mountpoint"); m[0] == '/' && d.Get("canmount") == "on" && d.Get("zoned") == "off" {
			errs = append(errs, h.Mount(ctx, d.Name))
		}
	}
	return errors.Join(errs...)
}

// UnmountAll unmounts every filesystem, children first.
func (h *Host) UnmountAll(ctx context.Context, force bool) error {
	all, err := h.List(ctx, ListOptions{Types: []Type{Filesystem}, Props: []string{"name"}})
	errs := []error{err}
	for _, d := range slices.Backward(all) {
		errs = append(errs, h.Unmount(ctx, d.Name, force))
	}
	return errors.Join(errs...)
}
