package btrfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/mnt"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// importCached imports a pool that the cache knows, under its lock.
func (b *Backend) importCached(name string, held *lock.Lock) (*pool, error) {
	c, err := b.readCache()
	if err != nil {
		return nil, err
	}
	known := c.find(name)
	if known == nil || known.State != "" {
		return nil, dataset.As(dataset.ErrNoPool, "%v '%s'", dataset.ErrNoPool, name)
	}
	b.log.Info("import pool", "pool", name, "devices", known.Devices)
	if err := b.setAltRoot(name, ""); err != nil { // it is not for good
		return nil, err
	}
	p, err := b.attach(b.moved(*known), held)
	if err != nil {
		return nil, fmt.Errorf("import pool '%s': %w", name, err)
	}
	if err := p.mark(); err != nil {
		p.close()
		return nil, err
	}
	if err := p.repair(true); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// moved finds a disk that got another name in this boot of the host: when the
// pool is not where the cache has it, /dev is searched for it.
func (b *Backend) moved(c cached) cached {
	there, err := openDevices(c)
	if err == nil {
		defer there.close()
		if there.isWhole() {
			return c
		}
	}
	found, err := b.scan(nil)
	if err != nil {
		return c
	}
	for _, f := range found {
		if f.UUID == c.UUID && (there == nil || len(f.Devices) > len(there.devices)) {
			c.Devices = f.Devices
		}
	}
	return c
}

// attach mounts a pool's top level and reads it.
func (b *Backend) attach(c cached, held *lock.Lock) (*pool, error) {
	if err := b.mountTop(c); err != nil {
		return nil, err
	}
	top, err := b.openTop(c.Name)
	if err != nil {
		return nil, err
	}
	p, err := b.load(c.Name, top)
	if err != nil {
		return nil, errors.Join(err, b.unmountTop(c.Name, false))
	}
	p.held = held
	return p, nil
}

// How the top level is mounted. With asyncDiscard space that is freed goes back
// to a sparse file or an SSD.
const (
	topFlags     = unix.MS_NOATIME | unix.MS_NOSUID | unix.MS_NODEV
	topOption    = "subvolid=5"
	asyncDiscard = "discard=async" // since kernel 5.6
)

func (b *Backend) mountTop(c cached) error {
	found, err := openDevices(c)
	if err != nil {
		return err
	}
	defer found.close()
	for _, dev := range found.devices {
		if err := checkUnused(dev); err != nil {
			return err
		}
	}
	if !found.isWhole() {
		b.log.Warn("import a pool without all of its devices", "pool", c.Name, "found", len(found.devices), "of", found.total)
	}
	dev, options := found.devices[0], topOption+found.options()
	path := b.topPath(c.Name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	err = unix.Mount(dev.Name(), path, "btrfs", topFlags, options+","+asyncDiscard)
	if errors.Is(err, unix.EINVAL) {
		err = unix.Mount(dev.Name(), path, "btrfs", topFlags, options)
	}
	if errors.Is(err, unix.EBUSY) { // held read-only since it was exported, by another mount namespace
		err = unix.Mount(dev.Name(), path, "btrfs", topFlags|unix.MS_RDONLY, options)
		if err == nil {
			err = unix.Mount("", path, "", topFlags|unix.MS_REMOUNT, asyncDiscard)
		}
	}
	// On most hosts mounts are shared. What is mounted on a dataset must not come
	// out on its tree too, where it would be in the way of whoever removes that.
	if err == nil {
		err = unix.Mount("", path, "", unix.MS_PRIVATE, "")
	}
	if err != nil {
		return fmt.Errorf("mount %s: %w", dev.Name(), err)
	}
	return nil
}

func (b *Backend) unmountTop(name string, lazy bool) error {
	flags := unix.UMOUNT_NOFOLLOW
	if lazy {
		flags |= unix.MNT_DETACH
	}
	path := b.topPath(name)
	if err := unix.Unmount(path, flags); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, os.ErrNotExist) {
		return &os.PathError{Op: "unmount", Path: path, Err: err}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// checkUnused refuses a device that is mounted as a pool somewhere else: by
// another root, or under another name.
func checkUnused(dev *os.File) error {
	mounts, err := mnt.List()
	if err != nil {
		return err
	}
	for _, m := range mounts {
		if m.FSType == "btrfs" && m.Root == "/" && m.Source == dev.Name() && strings.Contains(m.Path, "/pools/") {
			return fmt.Errorf("pool is in use: %s is mounted on %s", dev.Name(), filepath.Dir(filepath.Dir(m.Path)))
		}
	}
	return nil
}
