package zpool

import (
	"context"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// AddDevices makes a pool larger; only devices, layout and force of the options
// count.
func (h *Host) AddDevices(ctx context.Context, pool string, o PoolOptions) error {
	return h.with(pool, func(k keeper) error { return k.AddDevices(ctx, pool, o) })
}

// AttachDevice makes a single device, or a mirror, a mirror with one more.
func (h *Host) AttachDevice(ctx context.Context, pool, device, with string, force bool) error {
	return h.with(pool, func(k keeper) error { return k.AttachDevice(ctx, pool, device, with, force) })
}

// DetachDevice takes a device out of a mirror.
func (h *Host) DetachDevice(ctx context.Context, pool, device string) error {
	return h.with(pool, func(k keeper) error { return k.DetachDevice(ctx, pool, device) })
}

// ReplaceDevice puts another device in the place of one.
func (h *Host) ReplaceDevice(ctx context.Context, pool, device, with string, force bool) error {
	return h.with(pool, func(k keeper) error { return k.ReplaceDevice(ctx, pool, device, with, force) })
}

// RemoveDevice moves what a device holds to the others and drops it.
func (h *Host) RemoveDevice(ctx context.Context, pool, device string) error {
	return h.with(pool, func(k keeper) error { return k.RemoveDevice(ctx, pool, device) })
}

// OnlineDevice takes a device in use, with expand all of one that grew.
func (h *Host) OnlineDevice(ctx context.Context, pool, device string, expand bool) error {
	return h.with(pool, func(k keeper) error { return k.OnlineDevice(ctx, pool, device, expand) })
}

// OfflineDevice stops using a device of a mirror.
func (h *Host) OfflineDevice(ctx context.Context, pool, device string) error {
	return h.with(pool, func(k keeper) error { return k.OfflineDevice(ctx, pool, device) })
}

// Resilver gives data that has too few copies those it should have.
func (h *Host) Resilver(ctx context.Context, pool string) error {
	return h.with(pool, func(k keeper) error { return k.Resilver(ctx, pool) })
}

// ClearLabel makes a device that no pool uses look empty.
func (h *Host) ClearLabel(ctx context.Context, device string, force bool) error {
	return h.btrfs.ClearLabel(ctx, device, force)
}

// Scrub starts, stops or pauses (ScrubStart, ...) the scrub of a pool.
func (h *Host) Scrub(ctx context.Context, pool, do string, wait bool) error {
	return h.with(pool, func(k keeper) error { return k.Scrub(ctx, pool, do, wait) })
}

// ClearErrors sets the error counters of a device, or of all, to zero.
func (h *Host) ClearErrors(ctx context.Context, pool, device string) error {
	return h.with(pool, func(k keeper) error { return k.ClearErrors(ctx, pool, device) })
}

// Trim tells a pool's devices which blocks are free.
func (h *Host) Trim(ctx context.Context, pool string) error {
	return h.with(pool, func(k keeper) error { return k.Trim(ctx, pool) })
}

// SyncPool writes everything to a pool's devices.
func (h *Host) SyncPool(ctx context.Context, pool string) error {
	return h.with(pool, func(k keeper) error { return k.SyncPool(ctx, pool) })
}

// Record notes what was done to a pool, if one of these names is in one.
func (h *Host) Record(ctx context.Context, names []string, e Event) error {
	for _, name := range names {
		pool := dataset.PoolOf(name)
		if dataset.CheckPoolName(pool) != nil {
			continue
		}
		k, err := h.backend(pool)
		if err != nil {
			return err
		}
		if has, err := k.Has(pool); has || err != nil {
			if err != nil {
				return err
			}
			return k.Record(ctx, pool, e)
		}
	}
	return nil
}

// History is what was done to a pool, oldest first.
func (h *Host) History(ctx context.Context, pool string) ([]Event, error) {
	b, err := h.backend(pool)
	if err != nil {
		return nil, err
	}
	return b.History(ctx, pool)
}
