package btrfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/loopdev"
	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// minDevice is the least that a pool can live on.
const minDevice = 128 << 20

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
	for k, v := range o.Props {
		props[k] = v
	}
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
	device, err := checkDevice(o, old)
	if err != nil {
		return err
	}
	undo := revert.New()
	entry := cached{Name: name, Devices: []string{device}, State: stateMaking}
	if err := b.editCache(ctx, func(c *cache) { c.put(entry) }); err != nil {
		return dataset.Cannot("create", name, err)
	}
	undo.Add(func() error { return b.editCache(context.Background(), func(c *cache) { c.drop(name) }) })
	err = b.makePool(&entry, r, o, held, undo)
	if err == nil {
		entry.State = ""
		err = b.editCache(ctx, func(c *cache) { c.put(entry) })
	}
	if err != nil {
		return errors.Join(dataset.Cannot("create", name, err), undo.Fail())
	}
	return nil
}

// clearOld makes sure that no pool of that name is in use, and finishes the
// removal of one whose making or destroying was cut off; it returns that one.
func (b *Backend) clearOld(ctx context.Context, name string) (*cached, error) {
	c, err := b.readCache()
	if err != nil {
		return nil, err
	}
	old := c.find(name)
	if old != nil && old.State == "" {
		return nil, dataset.ErrPoolExists
	}
	return old, b.sweepPool(ctx, name, old)
}

// sweepPool removes what an interrupted making or destroying left of a pool
// whose lock is held; old is nil when the cache does not know it.
func (b *Backend) sweepPool(ctx context.Context, name string, old *cached) error {
	if err := b.detach(name, true); err != nil || old == nil {
		return err
	}
	if err := wipe(*old); err != nil {
		return err
	}
	return b.editCache(ctx, func(c *cache) { c.drop(name) })
}

// sweepPools does so for every pool that nobody is at work on.
func (b *Backend) sweepPools(ctx context.Context) error {
	c, err := b.readCache()
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range c.Pools {
		if p.State == "" {
			continue
		}
		held, err := lock.Try(b.lockPath(p.Name))
		if errors.Is(err, lock.ErrHeld) {
			continue
		}
		if err == nil {
			_, err = b.clearOld(ctx, p.Name)
			err = errors.Join(err, held.Unlock())
		}
		if !errors.Is(err, dataset.ErrPoolExists) { // made whole meanwhile
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// checkDevice says whether the devices given can carry a new pool.
func checkDevice(o dataset.PoolOptions, old *cached) (string, error) {
	if len(o.Devices) == 0 {
		return "", errors.New("invalid vdev specification: at least one toplevel vdev must be specified")
	}
	if len(o.Devices) > 1 {
		return "", dataset.As(dataset.ErrUnsupported, "invalid vdev specification: a pool of several devices is %v", dataset.ErrUnsupported)
	}
	path, err := filepath.Abs(o.Devices[0])
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return "", dataset.As(os.ErrNotExist, "cannot open '%s': no such device in /dev\nmust be a full path or shorthand device name; a file must exist: truncate -s 10G %s", o.Devices[0], o.Devices[0])
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	mode, size, err := sizeOf(f)
	if err != nil {
		return "", err
	}
	if !mode.IsRegular() && mode&os.ModeDevice == 0 {
		return "", fmt.Errorf("cannot use '%s': must be a block device or regular file", o.Devices[0])
	}
	if size < minDevice {
		return "", fmt.Errorf("cannot use '%s': device is too small: %s, a pool needs %s", o.Devices[0],
			dataset.HumanSize(size), dataset.HumanSize(minDevice))
	}
	return path, checkContent(f, path, o.Force || old != nil && len(old.Devices) > 0 && old.Devices[0] == path)
}

func sizeOf(f *os.File) (os.FileMode, int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	size, err := f.Seek(0, 2)
	return info.Mode(), size, err
}

// checkContent refuses devices in use, and without force those that hold a
// pool or another file system.
func checkContent(f *os.File, path string, force bool) error {
	loop, err := loopOf(f)
	if err != nil {
		return err
	}
	if loop != nil {
		return fmt.Errorf("invalid vdev specification\nthe following errors must be manually repaired:\n%s is in use: behind %s", path, loop.Name())
	}
	if excl, err := os.OpenFile(path, os.O_RDWR|unix.O_EXCL, 0); errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("invalid vdev specification\nthe following errors must be manually repaired:\n%s is in use", path)
	} else if err == nil {
		excl.Close()
	}
	if force {
		return nil
	}
	what := contentOf(f)
	if what == "" {
		return nil
	}
	return fmt.Errorf("invalid vdev specification\nuse '-f' to override the following errors:\n%s %s", path, what)
}

// loopOf finds the loop device that f is behind. One that is only about to
// vanish, since somebody else has a look at it, is waited for.
func loopOf(f *os.File) (*os.File, error) {
	const patience, pause = 2 * time.Second, 20 * time.Millisecond
	for end := time.Now().Add(patience); ; time.Sleep(pause) {
		loop, err := loopdev.Find(f)
		if err != nil || loop == nil {
			return nil, err
		}
		loop.Close()
		if time.Now().After(end) {
			return loop, nil
		}
	}
}

// contentOf recognises what is commonly found on disks.
func contentOf(f *os.File) string {
	if super, err := btrfs.ReadSuper(f); err == nil {
		if super.Label != "" {
			return fmt.Sprintf("is part of potentially active pool '%s'", super.Label)
		}
		return "contains a filesystem of type 'btrfs'"
	}
	for _, m := range []struct {
		at    int64
		magic string
		name  string
	}{
		{0, "XFSB", "a filesystem of type 'xfs'"},
		{1080, "\x53\xef", "a filesystem of type 'ext4'"},
		{510, "\x55\xaa", "a partition table"},
		{512, "EFI PART", "a partition table"},
		{0, "LUKS\xba\xbe", "a filesystem of type 'crypto_LUKS'"},
		{512, "LABELONE", "a filesystem of type 'LVM2_member'"},
		{4086, "SWAPSPACE2", "a filesystem of type 'swap'"},
	} {
		b := make([]byte, len(m.magic))
		if _, err := f.ReadAt(b, m.at); err == nil && bytes.Equal(b, []byte(m.magic)) {
			return "contains " + m.name
		}
	}
	return ""
}

// makePool formats, mounts and fills a pool.
func (b *Backend) makePool(c *cached, r *record, o dataset.PoolOptions, held *lock.Lock, undo *revert.Stack) error {
	if err := format(c.Devices[0], c.Name); err != nil {
		return err
	}
	undo.Add(func() error { return wipe(*c) })
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
	return btrfs.Sync(p.top)
}

func format(device, name string) error {
	mkfs, err := exec.LookPath("mkfs.btrfs")
	if err != nil {
		return errors.New("mkfs.btrfs is not installed; install the package btrfs-progs")
	}
	args := []string{"-q", "-f", "-L", name}
	if info, err := os.Stat(device); err == nil && info.Mode().IsRegular() {
		args = append(args, "-m", "single") // the file system below it keeps its copies
	}
	cmd := exec.Command(mkfs, append(args, "--", device)...)
	// When we are killed it must not go on writing; the kernel watches the thread.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("format %s: %w: %s", device, err, bytes.TrimSpace(out))
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

func wipe(c cached) error {
	f, err := os.OpenFile(c.Devices[0], os.O_RDWR, 0)
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
	s := &store{pool: header{Version: storeVersion, Name: c.Name, GUID: c.GUID, Quota: mode, Next: 1, Props: props}}
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
