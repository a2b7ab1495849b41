package btrfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/loopdev"
	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// CreatePool formats the devices and mounts the pool's own filesystem.
func (b *Backend) CreatePool(ctx context.Context, name string, o dataset.PoolOptions) error {
	if err := dataset.CheckPoolName(name); err != nil {
		return dataset.Cannot("create", name, err)
	}
	for prop, value := range o.PoolProps {
		if err := checkPoolProp(prop, value); err != nil {
			return dataset.Cannot("create", name, err)
		}
	}
	rootRecord, err := newRecord(name, dataset.Filesystem, rootProps(o))
	if err != nil {
		return dataset.Cannot("create", name, err)
	}
	if err := os.MkdirAll(filepath.Dir(b.topPath(name)), 0o700); err != nil {
		return dataset.Cannot("create", name, err)
	}
	held, err := lock.Wait(ctx, b.lockPath(name))
	if err != nil {
		return dataset.Cannot("create", name, err)
	}
	defer held.Unlock()
	return b.createLocked(ctx, name, o, rootRecord, held)
}

func rootProps(o dataset.PoolOptions) map[string]string {
	props := make(map[string]string, len(o.Props)+1)
	maps.Copy(props, o.Props)
	if o.Mountpoint != "" {
		props["mountpoint"] = o.Mountpoint
	}
	return props
}

func (b *Backend) createLocked(ctx context.Context, name string, o dataset.PoolOptions, r *record, held *lock.Lock) error {
	old, err := b.clearOld(ctx, name)
	if err != nil {
		return dataset.Cannot("create", name, err)
	}
	devices, err := checkDevices(o, old)
	if err != nil {
		return err
	}
	undo := revert.New()
	entry := cached{Name: name, Devices: devices, State: stateMaking}
	if err := b.editCache(ctx, func(c *cache) { c.put(entry) }); err != nil {
		return dataset.Cannot("create", name, err)
	}
	undo.Add(func() error { return b.setAltRoot(name, "") })
	if err := b.setAltRoot(name, o.AltRoot); err != nil {
		return errors.Join(dataset.Cannot("create", name, err), undo.Fail())
	}
	undo.Add(func() error { return b.editCache(context.Background(), func(c *cache) { c.drop(name) }) })
	err = b.makePool(ctx, &entry, r, o, held, undo)
	if err == nil {
		entry.State = ""
		err = b.editCache(ctx, func(c *cache) { c.put(entry) })
	}
	if err != nil {
		return errors.Join(dataset.Cannot("create", name, err), undo.Fail())
	}
	return nil
}

// makePool formats, mounts and fills a pool.
func (b *Backend) makePool(ctx context.Context, c *cached, r *record, o dataset.PoolOptions, held *lock.Lock, undo *revert.Stack) error {
	mkfs, err := exec.LookPath("mkfs.btrfs")
	if err != nil {
		return errors.New("mkfs.btrfs is not installed; install the package btrfs-progs")
	}
	undo.Add(func() error { return wipe(*c) })
	if err := format(mkfs, *c, layoutFor(o)); err != nil {
		return err
	}
	uuid, err := uuidOf(c.Devices[0])
	if err != nil {
		return err
	}
	c.UUID, c.GUID = uuid.String(), uuid.GUID()
	if err := b.mountTop(*c); err != nil {
		return err
	}
	undo.Add(func() error { return b.detach(c.Name, true) })
	p, err := b.fill(*c, o.PoolProps)
	if err != nil {
		return err
	}
	defer p.close()
	p.held = held
	if err := p.add(r, undo); err != nil {
		return err
	}
	if err := p.remember(ctx, layoutFor(o)); err != nil {
		return err
	}
	return btrfs.Sync(p.top)
}

func layoutFor(o dataset.PoolOptions) dataset.Layout {
	switch {
	case o.Layout != "":
		return o.Layout
	case len(o.Devices) > 1:
		return dataset.Stripe
	}
	return dataset.Single
}

// profilesOf are btrfs's words for a layout: of data and of metadata, which is
// kept twice where there are two devices.
func profilesOf(layout dataset.Layout, devices int) (data, metadata btrfs.Profile) {
	switch {
	case layout == dataset.Mirrors:
		return btrfs.RAID10, btrfs.RAID10
	case layout == dataset.Mirror && devices == 3:
		return btrfs.RAID1C3, btrfs.RAID1C3
	case layout == dataset.Mirror && devices > 3:
		return btrfs.RAID1C4, btrfs.RAID1C4
	case layout == dataset.Mirror:
		return btrfs.RAID1, btrfs.RAID1
	case layout == dataset.Stripe:
		return btrfs.RAID0, btrfs.RAID1
	}
	return btrfs.Single, btrfs.DUP
}

var profileNames = map[btrfs.Profile]string{
	btrfs.RAID0: "raid0", btrfs.RAID1: "raid1", btrfs.RAID1C3: "raid1c3", btrfs.RAID1C4: "raid1c4", btrfs.RAID10: "raid10",
	btrfs.Single: "single", btrfs.DUP: "dup",
}

// format makes the file system. Several files are put behind their loop
// devices first, under which the kernel gets to know them.
func format(mkfs string, c cached, layout dataset.Layout) error {
	args := []string{"-q", "-f", "-L", c.Name}
	devices := c.Devices
	if len(c.Devices) > 1 {
		devices = nil
		for _, path := range c.Devices {
			dev, err := loopdev.Device(path)
			if err != nil {
				return err
			}
			defer dev.Close()
			devices = append(devices, dev.Name())
		}
		data, metadata := profilesOf(layout, len(devices))
		args = append(args, "-d", profileNames[data], "-m", profileNames[metadata])
	} else if info, err := os.Stat(devices[0]); err == nil && info.Mode().IsRegular() {
		args = append(args, "-m", "single") // the file system below it keeps its copies
	}
	cmd := exec.Command(mkfs, append(append(args, "--"), devices...)...)
	// When we are killed it must not go on writing; the kernel watches the thread.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("format %s: %w: %s", strings.Join(c.Devices, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

func uuidOf(device string) (btrfs.UUID, error) {
	f, err := os.Open(device)
	if err != nil {
		return btrfs.UUID{}, err
	}
	defer f.Close()
	super, err := btrfs.ReadSuper(f)
	return super.UUID, err
}

// wipe makes every device of a pool look empty.
func wipe(c cached) error {
	var errs []error
	for _, path := range c.Devices {
		errs = append(errs, wipeDevice(path))
	}
	return errors.Join(errs...)
}

func wipeDevice(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(btrfs.WipeSuper(f), f.Sync(), f.Close())
}

// fill makes the empty pool: accounting first, since what is written before
// is charged to nobody.
func (b *Backend) fill(c cached, props map[string]string) (*pool, error) {
	top, err := b.openTop(c.Name)
	if err != nil {
		return nil, err
	}
	mode, err := b.enableQuota(top)
	if err != nil {
		return nil, errors.Join(err, top.Close())
	}
	s := &store{pool: header{Version: storeVersion, Name: c.Name, GUID: c.GUID, Quota: mode, Next: 1, Props: props, Host: hostID()}}
	data, err := s.rewritten()
	if err == nil {
		err = os.WriteFile(filepath.Join(top.Name(), storeName), data, 0o600)
	}
	if err == nil {
		err = os.Mkdir(filepath.Join(top.Name(), treesName), 0o700)
	}
	if err != nil {
		return nil, errors.Join(err, top.Close())
	}
	return b.load(c.Name, top)
}

func (b *Backend) enableQuota(top *os.File) (btrfs.QuotaMode, error) {
	modes := []btrfs.QuotaMode{btrfs.QuotaSimple, btrfs.QuotaClassic}
	if b.Quota != "" {
		modes = []btrfs.QuotaMode{b.Quota}
	}
	for _, mode := range modes {
		err := btrfs.EnableQuota(top, mode)
		if err == nil {
			return mode, nil
		}
		if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EOPNOTSUPP) {
			return "", err
		}
	}
	return btrfs.QuotaNone, nil
}

func newGUID() uint64 { return rand.Uint64()>>1 | 1 }

// newRecord is a record with checked properties, that has no tree yet.
func newRecord(name string, t dataset.Type, props map[string]string) (*record, error) {
	r := &record{Name: name, Type: t, GUID: newGUID(), Created: time.Now().Unix()}
	for k, v := range props {
		prop, value, err := dataset.CheckSet(k, v, t, true)
		if err != nil {
			return nil, err
		}
		r.set(prop, value)
	}
	return r, nil
}
