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
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/lock"
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
