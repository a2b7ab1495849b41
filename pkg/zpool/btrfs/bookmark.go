package btrfs

import (
	"context"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Bookmark remembers when a snapshot was taken, so that what changed since can
// be told when the snapshot itself is gone. Either name may be short: @s or #b.
func (b *Backend) Bookmark(ctx context.Context, source, name string) error {
	const op = "create bookmark"
	if strings.HasPrefix(name, "#") {
		of, _ := dataset.Base(source)
		name = of + name
	} else if strings.HasPrefix(source, "@") || strings.HasPrefix(source, "#") {
		of, _ := dataset.Base(name)
		source = of + source
	}
	if err := dataset.CheckName(name, dataset.Bookmark); err != nil {
		return dataset.Cannot(op, name, err)
	}
	from, _ := dataset.Base(source)
	of, _ := dataset.Base(name)
	switch {
	case dataset.PoolOf(source) != dataset.PoolOf(name):
		return dataset.Cannot(op, name, dataset.As(dataset.ErrBadName, "bookmark is in a different pool"))
	case from != of:
		return dataset.Cannot(op, name, dataset.As(dataset.ErrBadName, "source is not an ancestor of the new bookmark's dataset"))
	case from == source:
		return dataset.Cannot(op, name, dataset.As(dataset.ErrBadName, "source must be a snapshot or a bookmark"))
	}
	return b.change(ctx, op, name, func(p *pool) error {
		src := p.store.byName[source]
		switch {
		case src == nil:
			return dataset.Cannot(op, name, dataset.As(dataset.ErrNotFound, "'%s' does not exist", source))
		case p.store.byName[name] != nil:
			return dataset.Cannot(op, name, dataset.As(dataset.ErrExists, "bookmark exists"))
		}
		r := &record{
			ID: p.store.next(), Name: name, Type: dataset.Bookmark,
			GUID: src.GUID, TXG: src.TXG, Created: src.Created, Base: src.Base,
		}
		return noSpace(p.commit(entry{Put: []*record{r}}))
	})
}
