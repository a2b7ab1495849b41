package btrfs

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

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
	if err := b.sweepPools(ctx); err != nil {
		return dataset.Cannot(op, name, err)
	}
	p, err := b.lock(ctx, name)
	if errors.Is(err, dataset.ErrNoPool) {
		return dataset.Cannot("open", name, dataset.ErrNoPool)
	}
	if err != nil {
		return dataset.Cannot(op, name, err)
	}
	err = p.mark()
	if err == nil {
		err = p.leave(ctx, force, last)
	}
	if !p.left {
		err = errors.Join(err, p.unmark())
	}
	p.close()
	if err = errors.Join(err, p.unlock()); err != nil {
		return dataset.Cannot(op, name, busy(err))
	}
	return nil
}

func (p *pool) leave(ctx context.Context, force bool, last func(cached) error) error {
	c, err := p.b.readCache()
	if err != nil {
		return err
	}
	known := c.find(p.name)
	if known == nil {
		return dataset.ErrNoPool
	}
	if held, err := lock.IsHeld(p.b.scrubLock(p.name)); err == nil && held {
		if err := p.stopScrub(dataset.Canceled); err != nil {
			return err
		}
	}
	undo := revert.New()
	defer p.undo(undo)
	all := p.store.all((*record).isDataset)
	if err := p.unmountAll(all, force, undo); err != nil {
		return err
	}
	if err := p.detachVolumes("detach", all, force, undo); err != nil {
		return err
	}
	if err := p.claim(""); err != nil {
		return err
	}
	undo.Add(func() error { return p.claim(hostID()) })
	if err := p.quiesce(force, undo); err != nil {
		return err
	}
	undo.Success()
	places := p.places()
	p.close() // our own open files would keep it busy
	if err := last(*known); err != nil {
		return err
	}
	for _, at := range places {
		p.removePlace(at)
	}
	return errors.Join(p.b.editCache(ctx, func(c *cache) { c.drop(p.name) }), p.b.setAltRoot(p.name, ""))
}

// quiesce makes the file system read-only: another mount namespace may hold a
// copy of its mounts, and must not write to a device that was wiped or moved.
func (p *pool) quiesce(force bool, undo *revert.Stack) error {
	undo.Add(func() error { return p.remountTop(0, asyncDiscard) })
	err := p.remountTop(unix.MS_RDONLY, "")
	if errors.Is(err, unix.EBUSY) && force {
		return nil
	}
	return err
}

// unquiesce undoes what an interrupted export did.
func (p *pool) unquiesce() error {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(p.top.Fd()), &st); err != nil || st.Flags&unix.ST_RDONLY == 0 {
		return err
	}
	return p.remountTop(0, asyncDiscard)
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
