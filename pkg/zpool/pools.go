package zpool

import (
	"context"
	"errors"
)

// SystemPool is the name of the pool that machines live on.
const SystemPool = "zones"

// Pools reads pools, all when no name is given. What can be read is returned
// beside an error about the rest.
func (h *Host) Pools(ctx context.Context, names ...string) ([]Pool, error) {
	var all []Pool
	var errs []error
	for _, k := range h.keepers() {
		var mine []string
		for _, name := range names {
			b, err := h.backend(name)
			errs = append(errs, err)
			if err == nil && b == k {
				mine = append(mine, name)
			}
		}
		if len(names) > 0 && len(mine) == 0 {
			continue
		}
		found, err := k.Pools(ctx, mine)
		all = append(all, found...)
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

// CreatePool makes a pool on devices or files, on OpenZFS where the host has
// it. The system's pool gets the dataset that holds zone configurations along;
// without that there is no pool.
func (h *Host) CreatePool(ctx context.Context, name string, o PoolOptions) error {
	b, err := h.backend(name)
	if err != nil {
		return err
	}
	if err := b.CreatePool(ctx, name, o); err != nil || name != SystemPool {
		return err
	}
	config := CreateOptions{Props: map[string]string{"mountpoint": h.root.Display(h.root.Zones())}}
	if err := h.Create(ctx, name+"/config", config); err != nil {
		return errors.Join(err, b.DestroyPool(ctx, name, true))
	}
	return nil
}

// DestroyPool unmounts a pool and wipes its devices.
func (h *Host) DestroyPool(ctx context.Context, name string, force bool) error {
	return h.with(name, func(b keeper) error { return b.DestroyPool(ctx, name, force) })
}

// ExportPool unmounts a pool and forgets it.
func (h *Host) ExportPool(ctx context.Context, name string, force bool) error {
	return h.with(name, func(b keeper) error { return b.ExportPool(ctx, name, force) })
}

// ImportPool finds a pool by name or guid on devices or files and takes it in
// use.
func (h *Host) ImportPool(ctx context.Context, name string, o ImportOptions) error {
	found, err := h.btrfs.Importable(ctx, o.Dirs)
	if err != nil {
		return err
	}
	z := h.zfs()
	for _, p := range found {
		if p.Name == name || p.GUID == name {
			z = nil
		}
	}
	if z != nil {
		return z.ImportPool(ctx, name, o)
	}
	return h.btrfs.ImportPool(ctx, name, o)
}

// Importable lists pools that could be imported from directories or devices.
func (h *Host) Importable(ctx context.Context, dirs []string) ([]Pool, error) {
	var all []Pool
	var errs []error
	for _, k := range h.keepers() {
		found, err := k.Importable(ctx, dirs)
		all = append(all, found...)
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

// SetPool changes a property of a pool.
func (h *Host) SetPool(ctx context.Context, name, prop, value string) error {
	return h.with(name, func(b keeper) error { return b.SetPool(ctx, name, prop, value) })
}
