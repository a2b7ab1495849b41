package zpool

import (
	"context"
	"os"
)

// OpenSnapshot opens the root directory of a filesystem's snapshot, whose files
// can be read but not changed.
func (h *Host) OpenSnapshot(ctx context.Context, name string) (dir *os.File, err error) {
	err = h.with(name, func(k keeper) error {
		dir, err = k.OpenSnapshot(ctx, name)
		return err
	})
	return dir, err
}
