package btrfs

import (
	"context"
	"os"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// OpenSnapshot opens the root directory of a snapshot's subvolume.
func (b *Backend) OpenSnapshot(ctx context.Context, name string) (*os.File, error) {
	of, _, ok := dataset.SplitSnapshot(name)
	if !ok {
		return nil, dataset.Cannot("open", name, dataset.As(dataset.ErrBadName, "is not a snapshot"))
	}
	p, err := b.read(ctx, dataset.PoolOf(name))
	if err != nil {
		return nil, dataset.Cannot("open", name, err)
	}
	defer p.close()
	r, err := p.find(name)
	if err != nil {
		return nil, err
	}
	if p.store.byName[of].Type != dataset.Filesystem {
		return nil, dataset.Cannot("open", name, dataset.As(dataset.ErrUnsupported, "only filesystems have files"))
	}
	dir, err := p.openTree(r)
	if err != nil {
		return nil, dataset.Cannot("open", name, err)
	}
	return dir, nil
}
