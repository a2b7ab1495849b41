package btrfs

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// List reads datasets. Those of roots that can't be read are missing, and the
// error says why.
func (b *Backend) List(ctx context.Context, o dataset.ListOptions) ([]dataset.Dataset, error) {
	roots := o.Roots
	if len(roots) == 0 {
		c, err := b.readCache()
		if err != nil {
			return nil, err
		}
		for _, known := range c.Pools {
			if known.State == "" {
				roots = append(roots, known.Name)
			}
		}
		slices.Sort(roots)
		o.Recursive = true
	}
	byPool := make(map[string][]string)
	var order []string
	for _, root := range roots {
		pool := dataset.PoolOf(root)
		if byPool[pool] == nil {
			order = append(order, pool)
		}
		byPool[pool] = append(byPool[pool], root)
	}
	var out []dataset.Dataset
	var errs []error
	for _, pool := range order {
		found, err := b.listPool(ctx, pool, byPool[pool], o)
		out = append(out, found...)
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}

func (b *Backend) listPool(ctx context.Context, pool string, roots []string, o dataset.ListOptions) ([]dataset.Dataset, error) {
	p, err := b.read(ctx, pool)
	if err != nil {
		if errors.Is(err, dataset.ErrNoPool) {
			err = dataset.ErrNotFound
		}
		return nil, dataset.Cannot("open", roots[0], err)
	}
	defer p.close()
	var errs []error
	chosen := make(map[int64]bool)
	var records []*record
	for _, root := range roots {
		found, err := p.choose(root, o)
		errs = append(errs, err)
		for _, r := range found {
			if !chosen[r.ID] {
				chosen[r.ID] = true
				records = append(records, r)
			}
		}
	}
	out, err := p.describe(records, o.Props)
	return out, errors.Join(append(errs, err)...)
}

// choose is what one root of a list stands for.
func (p *pool) choose(root string, o dataset.ListOptions) ([]*record, error) {
	top, err := p.find(root)
	if err != nil {
		return nil, err
	}
	wanted := func(r *record) bool {
		if len(o.Types) > 0 {
			return slices.Contains(o.Types, r.Type)
		}
		return r.isDataset() || r == top || o.Listed && r.isSnapshot() && p.store.pool.Props["listsnapshots"] == "on"
	}
	if !o.Recursive {
		if !wanted(top) {
			return nil, nil
		}
		return []*record{top}, nil
	}
	return p.store.all(func(r *record) bool {
		return (r == top || dataset.IsBelow(r.Name, root) && depth(r.Name, root) <= limit(o.Depth)) && wanted(r)
	}), nil
}

func limit(depth int) int {
	if depth <= 0 {
		return 1 << 30
	}
	return depth
}

// depth is how many levels below root a name is; a snapshot is one below its
// dataset.
func depth(name, root string) int {
	rest := name[len(root):]
	return strings.Count(rest, "/") + strings.Count(rest, "@")
}
