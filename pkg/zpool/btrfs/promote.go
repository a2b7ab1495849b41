package btrfs

import (
	"context"
	"errors"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Promote makes a clone the origin of its origin: the snapshots up to the one
// it was cloned from become its own. Only records change.
func (b *Backend) Promote(ctx context.Context, name string) error {
	return b.change(ctx, "promote", name, func(p *pool) error { return p.promote(name) })
}

func (p *pool) promote(name string) error {
	r, err := p.find(name)
	if err != nil {
		return err
	}
	origin := p.store.byID[r.Origin]
	if origin == nil {
		return dataset.Cannot("promote", name, errors.New("not a cloned filesystem"))
	}
	of, _, _ := dataset.SplitSnapshot(origin.Name)
	parent := p.store.byName[of].clone()
	promoted := r.clone()
	promoted.Origin, parent.Origin = parent.Origin, origin.ID
	e := entry{Put: []*record{promoted, parent}}
	for _, s := range p.store.snapshots(of) {
		moved := s.clone()
		_, snap, _ := dataset.SplitSnapshot(s.Name)
		moved.Name = name + "@" + snap
		if p.store.byName[moved.Name] != nil {
			return dataset.Cannot("promote", name, dataset.As(dataset.ErrExists,
				"snapshot name '%s' from origin \nconflicts with '%s' from target", s.Name, moved.Name))
		}
		e.Put = append(e.Put, moved)
		if s.ID == origin.ID {
			break
		}
	}
	if err := p.commit(e); err != nil {
		return noSpace(err)
	}
	p.showAll(name, of)
	return nil
}
