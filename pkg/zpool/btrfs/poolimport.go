package btrfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/loopdev"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// ImportPool looks for a pool by name or guid on devices and files, and takes
// it in use, under another name if so asked.
func (b *Backend) ImportPool(ctx context.Context, nameOrGUID string, o dataset.ImportOptions) error {
	if err := b.sweepPools(ctx); err != nil {
		return dataset.Cannot("import", nameOrGUID, err)
	}
	dirs, err := placesOf(o)
	if err != nil {
		return dataset.Cannot("import", nameOrGUID, err)
	}
	found, err := b.scan(dirs)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(c cached) bool {
		return c.Name != nameOrGUID && strconv.FormatUint(c.GUID, 10) != nameOrGUID
	})
	switch {
	case len(found) == 0:
		return dataset.Cannot("import", nameOrGUID, dataset.As(dataset.ErrNoPool, "no such pool available"))
	case len(found) > 1:
		return dataset.Cannot("import", nameOrGUID, errors.New("more than one matching pool\nimport by numeric ID instead"))
	}
	c := found[0]
	if o.As != "" {
		if err := dataset.CheckPoolName(o.As); err != nil {
			return dataset.Cannot("import", nameOrGUID, err)
		}
		c.Name = o.As
	}
	if err := b.importFound(ctx, c, o); err != nil {
		return dataset.Cannot("import", c.Name, err)
	}
	return nil
}

func (b *Backend) importFound(ctx context.Context, c cached, o dataset.ImportOptions) error {
	if err := os.MkdirAll(filepath.Dir(b.topPath(c.Name)), 0o700); err != nil {
		return err
	}
	held, err := lock.Wait(ctx, b.lockPath(c.Name))
	if err != nil {
		return err
	}
	defer held.Unlock()
	if has, err := b.Has(c.Name); err != nil {
		return err
	} else if has {
		return dataset.As(dataset.ErrPoolExists,
			"a pool with that name already exists\nuse the form 'zpool import <pool | id> <newpool>' to give it a new name")
	}
	if err := b.setAltRoot(c.Name, o.AltRoot); err != nil {
		return err
	}
	p, err := b.attach(c, held)
	if err != nil {
		return err
	}
	defer p.close()
	if !o.Force {
		err = p.checkHost()
	}
	if err == nil {
		err = p.rebrand()
	}
	if err == nil {
		err = p.mark()
	}
	if err == nil {
		err = p.claim(hostID())
	}
	if err == nil {
		err = p.repair(!o.NoMount)
	}
	if err == nil {
		err = b.editCache(ctx, func(all *cache) { all.put(c) })
	}
	if err != nil {
		p.close()
		return errors.Join(err, b.detach(c.Name, true))
	}
	return nil
}

// rebrand gives a pool that is imported under another name that name.
func (p *pool) rebrand() error {
	old := p.store.pool.Name
	if old == p.name {
		return nil
	}
	h := p.store.pool
	h.Name = p.name
	e := entry{Pool: &h}
	for _, r := range p.store.byID {
		renamed := r.clone()
		renamed.Name = p.name + strings.TrimPrefix(r.Name, old)
		e.Put = append(e.Put, renamed)
	}
	if err := p.commit(e); err != nil {
		return noSpace(err)
	}
	return btrfs.SetLabel(p.top, p.name)
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
			if c, ok := probe(path); ok {
				found = gather(found, c)
			}
		}
	}
	return found, nil
}

// gather adds a device to the pool that it belongs to.
func gather(found []cached, c cached) []cached {
	for i, f := range found {
		if f.UUID != c.UUID {
			continue
		}
		if !slices.Contains(f.Devices, c.Devices[0]) {
			found[i].Devices = append(f.Devices, c.Devices[0])
		}
		return found
	}
	return append(found, c)
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
	return cached{Name: super.Label, GUID: super.UUID.GUID(), UUID: super.UUID.String(), Devices: []string{loopdev.Backing(path)}, total: super.Devices}, true
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
		known := slices.ContainsFunc(c.Pools, func(o cached) bool { return o.UUID == f.UUID })
		if known || b.checkFree(f) != nil {
			continue
		}
		pool := dataset.Pool{Name: f.Name, Health: dataset.Online, GUID: strconv.FormatUint(f.GUID, 10)}
		for _, path := range f.Devices {
			pool.Devices = append(pool.Devices, dataset.Device{Path: path, Health: dataset.Online})
		}
		if uint64(len(f.Devices)) < f.total {
			pool.Health, pool.Reason = dataset.Degraded, "One or more devices are missing from the system."
		}
		pools = append(pools, pool)
	}
	return pools, nil
}

// checkFree refuses a pool that is in use on this host.
func (b *Backend) checkFree(c cached) error {
	for _, path := range c.Devices {
		if err := checkFreeDevice(path); err != nil {
			return err
		}
	}
	return nil
}

func checkFreeDevice(path string) error {
	dev, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dev.Close()
	if loop, err := loopdev.Find(dev); err != nil {
		return err
	} else if loop != nil {
		defer loop.Close()
		return checkUnused(loop)
	}
	return checkUnused(dev)
}
