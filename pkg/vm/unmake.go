package vm

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// unmake removes a machine, whatever there is of it. It can be repeated. The
// caller holds the machine.
func (h *Host) unmake(ctx context.Context, name string) error {
	c, err := h.zones.Load(name)
	if errors.Is(err, zone.ErrNotFound) {
		// Removed by one who was killed then: his locks go, at least.
		if err := h.zones.Remove(ctx, name); !errors.Is(err, zone.ErrNotFound) {
			return err
		}
		return h.forget(name)
	}
	if err != nil {
		return err
	}
	ctx, release, err := h.zones.Hold(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	if err := h.zones.Halt(ctx, name); err != nil {
		return err
	}
	if err := h.unmakeFiles(ctx, c); err != nil {
		return err
	}
	if err := h.zones.Remove(ctx, name); err != nil && !errors.Is(err, zone.ErrNotFound) {
		return err
	}
	return h.forget(name)
}

func (h *Host) unmakeFiles(ctx context.Context, c *zone.Config) error {
	s, err := h.zones.Status(c.Name)
	if err != nil {
		return err
	}
	if s.State == zone.Configured {
		return nil
	}
	err = h.dropSnapshots(ctx, datasetOf(c))
	if err != nil && !errors.Is(err, zpool.ErrNotFound) && !errors.Is(err, zpool.ErrNoPool) {
		return err
	}
	return h.zones.Uninstall(ctx, c.Name)
}

// dropSnapshots destroys a dataset's own snapshots, which go with it.
func (h *Host) dropSnapshots(ctx context.Context, name string) error {
	list, err := h.pools.List(ctx, zpool.ListOptions{
		Roots: []string{name}, Recursive: true, Depth: 1, Types: []zpool.Type{zpool.Snapshot},
	})
	if err != nil {
		return err
	}
	for _, snap := range list {
		if snap.Name == guardOf(name) {
			if err := h.guard(ctx, name, false); err != nil {
				return err
			}
			continue
		}
		if err := h.pools.Destroy(ctx, snap.Name, zpool.DestroyOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// forget removes what is noted of a machine outside its configuration.
func (h *Host) forget(name string) error {
	err := h.end(&journal{Op: opProvision, Zone: name})
	half, globErr := filepath.Glob(filepath.Join(h.root.Zones(), "."+name+".json.tmp*"))
	err = errors.Join(err, globErr)
	for _, file := range append(half, h.touchFile(name), h.dataLock(name)) {
		if e := os.Remove(file); !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}
