package zfs

import (
	"context"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// OpenSnapshot opens a snapshot's directory below the hidden one of its
// filesystem, where ZFS mounts it when it is entered.
func (b *Backend) OpenSnapshot(ctx context.Context, name string) (*os.File, error) {
	of, snap, ok := dataset.SplitSnapshot(name)
	if !ok {
		return nil, dataset.Cannot("open", name, dataset.As(dataset.ErrBadName, "is not a snapshot"))
	}
	list, err := b.List(ctx, dataset.ListOptions{Roots: []string{of}, Props: []string{"mountpoint"}})
	if err == nil && len(list) == 0 {
		err = dataset.ErrNotFound
	}
	if err != nil {
		return nil, dataset.Cannot("open", name, err)
	}
	dir, err := os.Open(filepath.Join(list[0].Get("mountpoint"), ".zfs/snapshot", snap))
	if err != nil {
		return nil, dataset.Cannot("open", name, err)
	}
	return dir, nil
}
