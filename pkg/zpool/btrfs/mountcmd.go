package btrfs

import (
	"context"
	"errors"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Mount mounts a filesystem at its mountpoint; being mounted is no error.
func (b *Backend) Mount(ctx context.Context, name string) error {
	return b.change(ctx, "mount", name, func(p *pool) error { return p.mountByName(name) })
}

// Unmount unmounts a filesystem and those mounted below it; not being mounted
// is no error.
func (b *Backend) Unmount(ctx context.Context, name string, force bool) error {
	return b.change(ctx, "unmount", name, func(p *pool) error {
		r, err := p.find(name)
		if err != nil {
			return err
		}
		undo := revert.New()
		defer p.undo(undo)
		if err := p.unmountAll([]*record{r}, force, undo); err != nil {
			return err
		}
		undo.Success()
		return nil
	})
}

func (p *pool) mountByName(name string) error {
	r, err := p.find(name)
	switch {
	case err != nil:
		return err
	case r.Type != dataset.Filesystem:
		return dataset.Cannot("mount", name, errors.New("not a filesystem"))
	}
	switch p.store.value(r, "mountpoint") {
	case "legacy":
		return dataset.Cannot("mount", name, errors.New("legacy mountpoint\nuse mount(8) to mount this filesystem"))
	case "none":
		return dataset.Cannot("mount", name, errors.New("no mountpoint set"))
	}
	if p.store.value(r, "canmount") == "off" {
		return dataset.Cannot("mount", name, errors.New("'canmount' property is set to 'off'"))
	}
	return p.mount(r)
}
