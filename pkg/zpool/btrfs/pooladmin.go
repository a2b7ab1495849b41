package btrfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// detach unmounts a pool's top level and, before it, whatever of the pool is
// still mounted; nothing mounted is fine.
func (b *Backend) detach(name string, lazy bool) error {
	top, err := b.openTop(name)
	if err != nil {
		return err
	}
	if top == nil {
		return b.unmountTop(name, lazy)
	}
	p := &pool{b: b, name: name, top: top}
	mounts, err := p.mounts()
	if err != nil {
		top.Close()
		return err
	}
	top.Close()
	flags := unix.UMOUNT_NOFOLLOW
	if lazy {
		flags |= unix.MNT_DETACH
	}
	for _, m := range slices.Backward(mounts) {
		if m.Root == "/" {
			continue
		}
		if err := unix.Unmount(m.Path, flags); err != nil {
			return &os.PathError{Op: "unmount", Path: m.Path, Err: err}
		}
	}
	return b.unmountTop(name, lazy)
}

// DestroyPool unmounts a pool and wipes its devices.
func (b *Backend) DestroyPool(ctx context.Context, name string, force bool) error {
	return b.leave(ctx, "destroy", name, force, func(c cached) error {
		c.State = stateDestroying
		if err := b.editCache(ctx, func(all *cache) { all.put(c) }); err != nil {
			return err
		}
		if err := b.detach(name, force); err != nil {
			return err
		}
		return wipe(c)
	})
}

// ExportPool unmounts a pool and forgets it; its devices can move elsewhere.
func (b *Backend) ExportPool(ctx context.Context, name string, force bool) error {
	return b.leave(ctx, "export", name, force, func(cached) error { return b.detach(name, force) })
}

// leave unmounts all datasets of a pool, runs last, and drops the pool from
// the cache.
func (b *Backend) leave(ctx context.Context, op, name string, force bool, last func(cached) error) error {
	p, err := b.lock(ctx, name)
	if errors.Is(err, dataset.ErrNoPool) {
		return dataset.Cannot("open", name, dataset.ErrNoPool)
	}
	if err != nil {
		return dataset.Cannot(op, name, err)
	}
	defer p.held.Unlock()
	c, err := b.readCache()
	if err != nil {
		p.close()
		return dataset.Cannot(op, name, err)
	}
	known := c.find(name)
	if known == nil {
		p.close()
		return dataset.Cannot("open", name, dataset.ErrNoPool)
	}
	undo := revert.New()
	err = p.unmountAll(p.store.all(func(r *record) bool { return !r.isSnapshot() }), force, undo)
	if err != nil {
		p.undo(undo)
		p.close()
		return dataset.Cannot(op, name, err)
	}
	places := p.places()
	p.close()
	if err := last(*known); err != nil {
		return dataset.Cannot(op, name, busy(err))
	}
	for _, at := range places {
		p.removePlace(at)
	}
	return b.editCache(ctx, func(c *cache) { c.drop(name) })
}

func busy(err error) error {
	if errors.Is(err, unix.EBUSY) {
		return dataset.As(errors.Join(dataset.ErrBusy, err), "pool is busy")
	}
	return err
}

// places is every mountpoint, deepest first.
func (p *pool) places() []string {
	var all []string
	for _, r := range p.store.byID {
		if at := p.store.mountpoint(r); at != "" {
			all = append(all, at)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(b, a) })
	return all
}

// ImportPool looks for a pool by name or guid on devices and files, and takes
// it in use.
func (b *Backend) ImportPool(ctx context.Context, name string, o dataset.ImportOptions) error {
	if has, err := b.Has(name); err != nil || has {
		if err == nil {
			err = errors.New("a pool with that name already exists\nuse the form 'zpool import <pool | id> <newpool>' to give it a new name")
		}
		return dataset.Cannot("import", name, err)
	}
	found, err := b.scan(o.Dirs)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(found, func(c cached) bool { return c.Name == name })
	if i < 0 {
		return dataset.Cannot("import", name, dataset.As(dataset.ErrNoPool, "no such pool available"))
	}
	if err := os.MkdirAll(filepath.Dir(b.topPath(name)), 0o700); err != nil {
		return dataset.Cannot("import", name, err)
	}
	held, err := lock.Wait(ctx, b.lockPath(name))
	if err != nil {
		return dataset.Cannot("import", name, err)
	}
	defer held.Unlock()
	p, err := b.attach(found[i], held)
	if err != nil {
		return dataset.Cannot("import", name, err)
	}
	found[i].GUID = p.store.pool.GUID
	if err := p.repair(); err != nil {
		p.close()
		return errors.Join(dataset.Cannot("import", name, err), b.detach(name, true))
	}
	p.close()
	return b.editCache(ctx, func(c *cache) { c.put(found[i]) })
}

// scan reads the superblocks of devices and of files in directories: a btrfs
// with a label may be a pool of that name.
func (b *Backend) scan(dirs []string) ([]cached, error) {
	if len(dirs) == 0 {
		dirs = []string{"/dev"}
	}
	var found []cached
	for _, dir := range dirs {
		paths, err := candidates(dir)
		if err != nil {
			return nil, fmt.Errorf("cannot open '%s': %w", dir, err)
		}
		for _, path := range paths {
			if c, ok := probe(path); ok && !slices.ContainsFunc(found, func(o cached) bool { return o.UUID == c.UUID }) {
				found = append(found, c)
			}
		}
	}
	return found, nil
}

func candidates(dir string) ([]string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return []string{dir}, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		block := e.Type()&os.ModeDevice != 0 && e.Type()&os.ModeCharDevice == 0
		if block || e.Type().IsRegular() && dir != "/dev" {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, nil
}

func probe(path string) (cached, bool) {
	f, err := os.Open(path)
	if err != nil {
		return cached{}, false
	}
	defer f.Close()
	super, err := btrfs.ReadSuper(f)
	if err != nil || dataset.CheckPoolName(super.Label) != nil {
		return cached{}, false
	}
	return cached{Name: super.Label, UUID: super.UUID.String(), Devices: []string{path}}, true
}

// Importable lists what ImportPool would find.
func (b *Backend) Importable(_ context.Context, dirs []string) ([]dataset.Pool, error) {
	found, err := b.scan(dirs)
	if err != nil {
		return nil, err
	}
	c, err := b.readCache()
	if err != nil {
		return nil, err
	}
	var pools []dataset.Pool
	for _, f := range found {
		if slices.ContainsFunc(c.Pools, func(o cached) bool { return o.UUID == f.UUID }) {
			continue
		}
		pools = append(pools, dataset.Pool{Name: f.Name, Health: dataset.Online, GUID: f.UUID,
			Devices: []dataset.Device{{Path: f.Devices[0], Health: dataset.Online}}})
	}
	return pools, nil
}
