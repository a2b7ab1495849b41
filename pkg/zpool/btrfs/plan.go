package btrfs

import (
	"context"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Plan names what Create would make, parents first, with the properties that
// would be set.
func (b *Backend) Plan(ctx context.Context, name string, o dataset.CreateOptions) ([]dataset.Dataset, error) {
	if err := dataset.CheckName(name, dataset.Filesystem); err != nil {
		return nil, dataset.Cannot("create", name, err)
	}
	r, err := newDataset(name, o)
	if err != nil {
		return nil, dataset.Cannot("create", name, err)
	}
	p, err := b.read(ctx, dataset.PoolOf(name))
	if err != nil {
		return nil, dataset.Cannot("create", name, err)
	}
	defer p.close()
	switch {
	case p.store.byName[name] != nil && o.Parents:
		return nil, nil
	case p.store.byName[name] != nil:
		return nil, dataset.Cannot("create", name, dataset.ErrExists)
	}
	made := []dataset.Dataset{planned(r)}
	if o.Parents {
		for above := dataset.Parent(name); above != "" && p.store.byName[above] == nil; above = dataset.Parent(above) {
			made = append(made, dataset.Dataset{Name: above, Type: dataset.Filesystem})
		}
	}
	slices.Reverse(made)
	if err := p.checkParent(made[0].Name); err != nil {
		return nil, dataset.Cannot("create", name, err)
	}
	if err := p.checkSpace(r, r.Props); err != nil {
		return nil, dataset.Cannot("create", name, err)
	}
	return made, nil
}

func planned(r *record) dataset.Dataset {
	d := dataset.Dataset{Name: r.Name, Type: r.Type, Props: make(map[string]dataset.Prop, len(r.Props))}
	for name, value := range r.Props {
		d.Props[name] = dataset.Prop{Value: value, Source: sourceLocal}
	}
	return d
}
