package btrfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/loopdev"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// member is a device of a pool as the pool itself remembers it: one that is
// missing has no other name.
type member struct {
	ID   uint64 `json:"id"`
	Path string `json:"path"`
}

// opened are the devices of a pool that could be found.
type opened struct {
	devices []*os.File
	total   uint64 // how many the pool has
}

func (o *opened) close() {
	for _, d := range o.devices {
		d.Close()
	}
}

// isWhole reports whether every device is there.
func (o *opened) isWhole() bool { return uint64(len(o.devices)) >= o.total }

// options are the mount options that name all devices.
func (o *opened) options() string {
	var b strings.Builder
	for _, d := range o.devices {
		b.WriteString(",device=" + d.Name())
	}
	if !o.isWhole() {
		b.WriteString(",degraded")
	}
	return b.String()
}

// openDevices finds the pool's devices and makes sure that they are the
// pool's. Some may be missing, but not all.
func openDevices(c cached) (*opened, error) {
	if len(c.Devices) == 0 {
		return nil, errors.New("no device is known")
	}
	o := &opened{total: uint64(len(c.Devices))}
	var errs []error
	for _, path := range c.Devices {
		dev, super, err := openDevice(path, c.UUID)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			continue
		}
		o.devices = append(o.devices, dev)
		o.total = super.Devices
	}
	if len(o.devices) == 0 {
		return nil, errors.Join(errs...)
	}
	return o, nil
}

func openDevice(path, uuid string) (*os.File, btrfs.Super, error) {
	dev, err := loopdev.Device(path)
	if err != nil {
		return nil, btrfs.Super{}, err
	}
	super, err := btrfs.ReadSuper(dev)
	if err == nil && super.UUID.String() != uuid {
		err = fmt.Errorf("another file system is there now: %s", super.UUID)
	}
	if err != nil {
		dev.Close()
	}
	return dev, super, err
}

// layout is how the pool's data is to lie on its devices.
func (p *pool) layout() dataset.Layout {
	if l := p.store.pool.Layout; l != "" {
		return l
	}
	return dataset.Single
}

// members reads the pool's devices from the kernel, missing ones under the
// name that they had.
func (p *pool) members() ([]btrfs.Device, error) {
	devices, err := btrfs.Devices(p.top)
	for i, d := range devices {
		devices[i].Missing = d.Path == "" || strings.HasPrefix(d.Path, "<")
		if devices[i].Missing {
			devices[i].Path = p.nameOf(d.ID)
		}
	}
	return devices, err
}

func (p *pool) nameOf(id uint64) string {
	for _, m := range p.store.pool.Members {
		if m.ID == id {
			return m.Path
		}
	}
	return fmt.Sprintf("missing-%d", id)
}

// findMember finds a device by path or by the number that a missing one has.
func (p *pool) findMember(name string) (btrfs.Device, error) {
	devices, err := p.members()
	if err != nil {
		return btrfs.Device{}, err
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return btrfs.Device{}, err
	}
	for _, d := range devices {
		backing := loopdev.Backing(d.Path)
		if name == d.Path || path == backing || path == p.nameOf(d.ID) || name == fmt.Sprint(d.ID) {
			return d, nil
		}
	}
	return btrfs.Device{}, dataset.As(dataset.ErrNotFound, "no such device in pool")
}

// remember notes the devices that the pool has now, in the pool and in the
// cache, and how its data lies on them.
func (p *pool) remember(ctx context.Context, layout dataset.Layout) error {
	devices, err := p.members()
	if err != nil {
		return err
	}
	h := p.store.pool
	h.Layout, h.Members = layout, nil
	var paths []string
	for _, d := range devices {
		path := d.Path
		if !d.Missing {
			path = loopdev.Backing(d.Path)
		}
		h.Members = append(h.Members, member{d.ID, path})
		paths = append(paths, path)
	}
	if err := p.commit(entry{Pool: &h}); err != nil {
		return noSpace(err)
	}
	return p.b.editCache(ctx, func(c *cache) {
		if known := c.find(p.name); known != nil {
			known.Devices = paths
		}
	})
}
