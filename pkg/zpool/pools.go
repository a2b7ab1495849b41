package zpool

import (
	"context"
)

// SystemPool is the name of the pool that machines live on.
const SystemPool = "zones"

// Pools reads pools, all when no name is given.
func (h *Host) Pools(ctx context.Context, names ...string) ([]Pool, error) {
	return h.btrfs.Pools(ctx, names)
}

// CreatePool makes a pool on devices or files. The system's pool gets the
// dataset that holds zone configurations along.
func (h *Host) CreatePool(ctx context.Context, name string, o PoolOptions) error {
	if err := h.btrfs.CreatePool(ctx, name, o); err != nil {
		return err
	}
	if name != SystemPool {
		return nil
	}
	config := CreateOptions{Props: map[string]string{"mountpoint": h.root.Display(h.root.Zones())}}
	return h.Create(ctx, name+"/config", config)
}

// DestroyPool unmounts a pool and wipes its devices.
func (h *Host) DestroyPool(ctx context.Context, name string, force bool) error {
	return h.btrfs.DestroyPool(ctx, name, force)
}

// ExportPool unmounts a pool and forgets it.
func (h *Host) ExportPool(ctx context.Context, name string, force bool) error {
	return h.btrfs.ExportPool(ctx, name, force)
}

// ImportPool finds a pool on devices or files and takes it in use.
func (h *Host) ImportPool(ctx context.Context, name string, o ImportOptions) error {
	return h.btrfs.ImportPool(ctx, name, o)
}

// Importable lists pools that could be imported from directories or devices.
func (h *Host) Importable(ctx context.Context, dirs []string) ([]Pool, error) {
	return h.btrfs.Importable(ctx, dirs)
}

// SetPool changes a property of a pool.
func (h *Host) SetPool(ctx context.Context, name, prop, value string) error {
	return h.btrfs.SetPool(ctx, name, prop, value)
}

// Doomed names what Destroy with the same options would remove.
func (h *Host) Doomed(ctx context.Context, names []string, o DestroyOptions) ([]string, error) {
	return h.btrfs.Doomed(ctx, names, o)
}
