package vm

import (
	"context"
	"errors"
	"fmt"

	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// A machine that is not to be destroyed has a snapshot with a hold, as on
// SmartOS. There is no other note of it: who releases the hold by zfs has taken
// the guard away.
const (
	guardSnapshot = "indestructible"
	guardTag      = "do_not_destroy"
)

func guardOf(dataset string) string { return dataset + "@" + guardSnapshot }

// guard sets or lifts the guard of a dataset. It can be repeated.
func (h *Host) guard(ctx context.Context, dataset string, on bool) error {
	snap := []string{guardOf(dataset)}
	if on {
		err := h.pools.Snapshot(ctx, snap, zpool.SnapshotOptions{})
		if err == nil || errors.Is(err, zpool.ErrExists) {
			err = h.pools.Hold(ctx, snap, guardTag, false)
		}
		return unless(err, zpool.ErrExists, "guard "+dataset)
	}
	err := h.pools.Release(ctx, snap, guardTag, false)
	if err == nil || errors.Is(err, zpool.ErrNotFound) {
		err = h.pools.Destroy(ctx, snap[0], zpool.DestroyOptions{})
	}
	if errors.Is(err, zpool.ErrBusy) {
		return nil // others hold it too
	}
	return unless(err, zpool.ErrNotFound, "lift the guard of "+dataset)
}

// unless passes on an error that does not just say that nothing was to be done.
func unless(err, done error, what string) error {
	if err == nil || errors.Is(err, done) {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
