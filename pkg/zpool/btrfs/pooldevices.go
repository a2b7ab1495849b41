package btrfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/loopdev"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// reshaping is a change of a pool's devices: what is done at once, what takes
// long and happens while others use the pool, and the layout in the end.
type reshaping struct {
	layout dataset.Layout
	long   func(*pool) error
}

// reshape plans a change under the pool's lock, lets the kernel work without
// it, and notes what came out. Cut off in between, the pool is DEGRADED at
// worst, and says what to do.
func (b *Backend) reshape(ctx context.Context, op, name, subject string, plan func(*pool) (reshaping, error)) error {
	var r reshaping
	err := b.change(ctx, op, name, func(p *pool) (err error) {
		r, err = plan(p)
		return err
	})
	if err == nil && r.long != nil {
		err = b.work(ctx, name, r.long)
	}
	if err == nil {
		err = b.change(ctx, op, name, func(p *pool) error { return p.remember(ctx, r.layout) })
	}
	if _, worded := errors.AsType[*dataset.Error](err); err == nil || worded {
		return err
	}
	return dataset.Cannot(op, subject, err)
}

// work runs what others need not wait for.
func (b *Backend) work(ctx context.Context, name string, do func(*pool) error) error {
	p, err := b.read(ctx, name)
	if err != nil {
		return err
	}
	defer p.close()
	return do(p)
}

// AddDevices makes a pool larger: a stripe by any number of devices, mirrors of
// two by another pair.
func (b *Backend) AddDevices(ctx context.Context, name string, o dataset.PoolOptions) error {
	return b.reshape(ctx, "add to", name, name, func(p *pool) (reshaping, error) {
		layout, err := grown(p.layout(), len(p.store.pool.Members), layoutFor(o))
		if err == nil {
			err = p.addAll(o)
		}
		if err == nil {
			err = p.remember(ctx, layout)
		}
		return reshaping{layout, func(p *pool) error { return p.convert(layout) }}, err
	})
}

// grown is the layout of a pool to which devices of another are added.
func grown(have dataset.Layout, devices int, added dataset.Layout) (dataset.Layout, error) {
	simple := have == dataset.Single || have == dataset.Stripe
	switch {
	case simple && (added == dataset.Single || added == dataset.Stripe):
		return dataset.Stripe, nil
	case (have == dataset.Mirrors || have == dataset.Mirror && devices == 2) && (added == dataset.Mirrors || added == dataset.Mirror):
		return dataset.Mirrors, nil
	}
	return "", dataset.As(dataset.ErrUnsupported, "mismatched replication level: pool uses %s and new vdev is %s", have, added)
}

func (p *pool) addAll(o dataset.PoolOptions) error {
	paths, err := checkDevices(o, nil)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := p.addDevice(path); err != nil {
			return err
		}
	}
	return nil
}

func (p *pool) addDevice(path string) error {
	if err := wipeDevice(path); err != nil {
		return err
	}
	dev, err := loopdev.Device(path)
	if err != nil {
		return err
	}
	defer dev.Close()
	return btrfs.AddDevice(p.top, dev.Name())
}

// AttachDevice makes a single device, or a mirror, a mirror with one more, and
// copies what is there.
func (b *Backend) AttachDevice(ctx context.Context, name, device, with string, force bool) error {
	return b.reshape(ctx, "attach to", name, name, func(p *pool) (reshaping, error) {
		_, err := p.findMember(device)
		switch {
		case err != nil:
			return reshaping{}, err
		case p.layout() != dataset.Single && p.layout() != dataset.Mirror || len(p.store.pool.Members) >= 4:
			return reshaping{}, dataset.As(dataset.ErrUnsupported, "can only attach to a single device or a mirror of less than 4")
		}
		err = p.addAll(dataset.PoolOptions{Devices: []string{with}, Force: force})
		if err == nil {
			err = p.remember(ctx, dataset.Mirror)
		}
		return reshaping{dataset.Mirror, func(p *pool) error { return p.convert(dataset.Mirror) }}, err
	})
}

// convert gives all data the profiles of a layout.
func (p *pool) convert(layout dataset.Layout) error {
	data, metadata := profilesOf(layout, len(p.store.pool.Members))
	return noSpace(btrfs.Convert(p.top, data, metadata))
}

// DetachDevice takes a device out of a mirror.
func (b *Backend) DetachDevice(ctx context.Context, name, device string) error {
	return b.reshape(ctx, "detach from", name, name, func(p *pool) (reshaping, error) {
		d, err := p.findMember(device)
		n := len(p.store.pool.Members)
		switch {
		case err != nil:
			return reshaping{}, err
		case p.layout() == dataset.Mirrors:
			return reshaping{}, dataset.As(dataset.ErrUnsupported, "several mirrors share their devices; 'zpool replace' can put another in its place")
		case p.layout() != dataset.Mirror:
			return reshaping{}, dataset.As(dataset.ErrProperty, "only applicable to mirror and replacing vdevs")
		}
		left := dataset.Mirror
		if n == 2 {
			left = dataset.Single
		}
		return reshaping{left, func(p *pool) error { return p.shrink(d, left, n-1) }}, nil
	})
}

// shrink gives data the profiles for fewer devices and drops one.
func (p *pool) shrink(d btrfs.Device, left dataset.Layout, devices int) error {
	data, metadata := profilesOf(left, devices)
	if err := btrfs.Convert(p.top, data, metadata); err != nil {
		return noSpace(err)
	}
	return noSpace(btrfs.RemoveDevice(p.top, d.ID))
}

// RemoveDevice moves what a device holds to the others and drops it.
func (b *Backend) RemoveDevice(ctx context.Context, name, device string) error {
	return b.reshape(ctx, "remove from", name, name, func(p *pool) (reshaping, error) {
		d, err := p.findMember(device)
		n := len(p.store.pool.Members)
		switch {
		case err != nil:
			return reshaping{}, err
		case n == 1:
			return reshaping{}, dataset.As(dataset.ErrProperty, "operation not supported on this type of pool: it is the only device")
		case p.layout() != dataset.Stripe:
			return reshaping{}, dataset.As(dataset.ErrUnsupported, "a device of a mirror is taken out with 'zpool detach'")
		case n == 2:
			return reshaping{dataset.Single, func(p *pool) error { return p.shrink(d, dataset.Single, 1) }}, nil
		}
		return reshaping{dataset.Stripe, func(p *pool) error { return noSpace(btrfs.RemoveDevice(p.top, d.ID)) }}, nil
	})
}

// ReplaceDevice copies a device, or what the others have of a missing one, to
// another, which takes its place.
func (b *Backend) ReplaceDevice(ctx context.Context, name, device, with string, force bool) error {
	return b.reshape(ctx, "replace", name, device, func(p *pool) (reshaping, error) {
		d, err := p.findMember(device)
		if err != nil {
			return reshaping{}, err
		}
		path, err := replacement(d, with, force)
		return reshaping{p.layout(), func(p *pool) error { return p.replaceDevice(d, path) }}, err
	})
}

// replacement checks and empties the device that is to take d's place.
func replacement(d btrfs.Device, with string, force bool) (string, error) {
	path, err := checkDevice(with, force, nil)
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, size, err := sizeOf(f); err != nil || uint64(size) < d.Total {
		return "", errors.Join(err, dataset.As(dataset.ErrProperty, "device is too small"))
	}
	return path, wipeDevice(path)
}

func (p *pool) replaceDevice(d btrfs.Device, path string) error {
	dev, err := loopdev.Device(path)
	if err != nil {
		return err
	}
	defer dev.Close()
	if err := btrfs.ReplaceDevice(p.top, d.ID, dev.Name()); err != nil {
		return err
	}
	lopsided, err := p.isLopsided() // what was written while the device was missing
	if lopsided {
		err = p.convert(p.layout())
	}
	return err
}

// OnlineDevice takes a device in use; with expand all of one that grew.
func (b *Backend) OnlineDevice(ctx context.Context, name, device string, expand bool) error {
	const op = "online"
	return b.change(ctx, op, name, func(p *pool) error {
		d, err := p.findMember(device)
		switch {
		case err != nil:
			return poolError(op, device, err)
		case d.Missing:
			return poolError(op, device, dataset.As(dataset.ErrUnsupported,
				"the device is missing; attach it, then export and import the pool, or use 'zpool replace'"))
		case !expand:
			return nil
		}
		return poolError(op, device, p.expand(d))
	})
}

func (p *pool) expand(d btrfs.Device) error {
	dev, err := os.OpenFile(d.Path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer dev.Close()
	if loopdev.Backing(d.Path) != d.Path {
		if err := loopdev.Resize(dev); err != nil {
			return err
		}
	}
	return btrfs.ResizeDevice(p.top, d.ID)
}

// OfflineDevice is refused: the kernel's btrfs has no way to stop using a
// device that is there.
func (b *Backend) OfflineDevice(ctx context.Context, name, device string) error {
	p, err := b.read(ctx, name)
	if err != nil {
		return dataset.Cannot("open", name, err)
	}
	defer p.close()
	if _, err := p.findMember(device); err != nil {
		return poolError("offline", device, err)
	}
	return poolError("offline", device, dataset.As(dataset.ErrUnsupported,
		"%v: a device that is there stays in use; 'zpool detach' takes it out of a mirror", dataset.ErrUnsupported))
}

// Resilver gives data that has too few copies those that the layout asks for.
func (b *Backend) Resilver(ctx context.Context, name string) error {
	return b.reshape(ctx, "resilver", name, name, func(p *pool) (reshaping, error) {
		if p.layout() == dataset.Single {
			return reshaping{}, errors.New("the pool has one device, and so one copy")
		}
		return reshaping{p.layout(), func(p *pool) error { return p.convert(p.layout()) }}, nil
	})
}

// ClearLabel makes a device that no pool uses look empty.
func (b *Backend) ClearLabel(_ context.Context, device string, force bool) error {
	path, err := filepath.Abs(device)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("failed to open %s: %w", device, err)
	}
	defer f.Close()
	if loop, err := loopOf(f); err != nil || loop != nil {
		return errors.Join(err, fmt.Errorf("%s is in use", device))
	}
	if excl, err := os.OpenFile(path, os.O_RDWR|unix.O_EXCL, 0); errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("%s is in use", device)
	} else if err == nil {
		excl.Close()
	}
	super, err := btrfs.ReadSuper(f)
	if err != nil {
		return fmt.Errorf("failed to check state for %s: %w", device, err)
	}
	if super.Label != "" && !force {
		return fmt.Errorf("use '-f' to override the following error:\n%s is a member of exported pool \"%s\"", device, super.Label)
	}
	return wipeDevice(path)
}

// poolError words a failed change of a pool's devices; nil stays nil.
func poolError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return dataset.Cannot(op, name, err)
}
