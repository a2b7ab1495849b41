package btrfs

import (
	"context"
	"errors"

	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// clearOld makes sure that no pool of that name is in use, and finishes the
// removal of one whose making or destroying was cut off; it returns that one.
func (b *Backend) clearOld(ctx context.Context, name string) (*cached, error) {
	c, err := b.readCache()
	if err != nil {
		return nil, err
	}
	old := c.find(name)
	if old != nil && old.State == "" {
		return nil, dataset.ErrPoolExists
	}
	return old, b.sweepPool(ctx, name, old)
}

// sweepPool removes what an interrupted making or destroying left of a pool
// whose lock is held; old is nil when the cache does not know it.
func (b *Backend) sweepPool(ctx context.Context, name string, old *cached) error {
	if err := b.detach(name, true); err != nil || old == nil {
		return err
	}
	if err := wipe(*old); err != nil {
		return err
	}
	return b.editCache(ctx, func(c *cache) { c.drop(name) })
}

// sweepPools does so for every pool that nobody is at work on.
func (b *Backend) sweepPools(ctx context.Context) error {
	c, err := b.readCache()
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range c.Pools {
		if p.State == "" {
			continue
		}
		held, err := lock.Try(b.lockPath(p.Name))
		if errors.Is(err, lock.ErrHeld) {
			continue
		}
		if err == nil {
			_, err = b.clearOld(ctx, p.Name)
			err = errors.Join(err, held.Unlock())
		}
		if !errors.Is(err, dataset.ErrPoolExists) { // made whole meanwhile
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
