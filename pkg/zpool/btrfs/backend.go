// Package btrfs keeps pools and datasets on btrfs. A pool is one file system;
// in its top level, mounted where only root can look, each dataset and
// snapshot is a subvolume trees/N, and datasets.jsonl says under which name,
// with which properties. Datasets are mounted one by one at their mountpoints.
// The package forks nothing but mkfs.btrfs and prints nothing.
//
// Every change is ordered so that a crash leaves one of two states: a subvolume
// that no record names is garbage, and a record is one appended line. A change
// marks the pool's lock file while it works; whoever finds the mark with nobody
// holding the lock repairs first (repair.go).
package btrfs

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/mnt"
	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Backend is all btrfs pools of one root.
type Backend struct {
	root paths.Root
	log  *slog.Logger

	// Quota is the accounting that new pools get; empty means the best that
	// the kernel has.
	Quota btrfs.QuotaMode
}

// New returns the pools of root. It touches nothing.
func New(root paths.Root, log *slog.Logger) *Backend { return &Backend{root: root, log: log} }

// pool is an imported pool during one operation.
type pool struct {
	b     *Backend
	name  string
	top   *os.File // directory: the file system's top level
	trees *os.File // directory: trees/
	store *store
	held  *lock.Lock // of a change; nil for a reader
	left  bool       // something could not be undone: the next command repairs

	promised bool // the change has its new records in the store's tail

	rootDir *os.File // below which mountpoints lie, opened when needed
}

func (b *Backend) topPath(name string) string { return filepath.Join(b.root.Run(), "pools", name) }

func (b *Backend) lockPath(name string) string { return b.topPath(name) + ".lock" }

// Has reports whether a pool of that name is one of this backend's.
func (b *Backend) Has(name string) (bool, error) {
	if mounted, err := mnt.IsRoot(b.topPath(name), ""); mounted || err != nil {
		return mounted, err
	}
	c, err := b.readCache()
	if err != nil {
		return false, err
	}
	return c.find(name) != nil, nil
}

// read opens a pool for reading, importing it first when it was in use before
// a reboot, and repairing what a crash left when nobody is at work.
func (b *Backend) read(ctx context.Context, name string) (*pool, error) {
	top, err := b.openTop(name)
	if err != nil {
		return nil, err
	}
	if top == nil || isMarked(b.lockPath(name)) && !b.isHeld(name) {
		if top != nil {
			top.Close()
		}
		p, err := b.lock(ctx, name)
		if err != nil {
			return nil, err
		}
		return p, p.unlock()
	}
	return b.load(name, top)
}

func (b *Backend) isHeld(name string) bool {
	held, err := lock.IsHeld(b.lockPath(name))
	return held || err != nil
}

// openTop opens the top level of a pool, nil when it is not mounted.
func (b *Backend) openTop(name string) (*os.File, error) {
	path := b.topPath(name)
	mounted, err := mnt.IsRoot(path, "")
	if err != nil || !mounted {
		return nil, err
	}
	return os.OpenFile(path, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

func (b *Backend) load(name string, top *os.File) (*pool, error) {
	p := &pool{b: b, name: name, top: top}
	var err error
	if p.trees, err = openIn(top, treesName, unix.O_DIRECTORY); err != nil {
		p.close()
		return nil, err
	}
	if p.store, err = readStore(top); err != nil {
		p.close()
		return nil, err
	}
	p.store.altRoot = b.altRoot(name)
	return p, nil
}

func (p *pool) close() {
	for _, f := range []*os.File{p.rootDir, p.trees, p.top} {
		if f != nil {
			f.Close()
		}
	}
	p.rootDir, p.trees, p.top = nil, nil, nil
}

// lock opens a pool for a change: nobody else changes it until unlock.
func (b *Backend) lock(ctx context.Context, name string) (*pool, error) {
	if err := os.MkdirAll(filepath.Dir(b.topPath(name)), 0o700); err != nil {
		return nil, err
	}
	held, err := lock.Wait(ctx, b.lockPath(name))
	if err != nil {
		return nil, err
	}
	p, err := b.lockedPool(name, held)
	if err != nil {
		return nil, errors.Join(err, held.Unlock())
	}
	return p, nil
}

func (b *Backend) lockedPool(name string, held *lock.Lock) (*pool, error) {
	top, err := b.openTop(name)
	if err != nil {
		return nil, err
	}
	if top == nil {
		return b.importCached(name, held)
	}
	p, err := b.load(name, top)
	if err != nil {
		return nil, err
	}
	p.held = held
	if isMarked(b.lockPath(name)) {
		if err := p.repair(true); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

func (p *pool) unlock() error {
	held := p.held
	p.held = nil
	return held.Unlock()
}

// change runs one change of a pool under its lock.
func (b *Backend) change(ctx context.Context, op, name string, do func(*pool) error) error {
	p, err := b.lock(ctx, dataset.PoolOf(name))
	if err != nil {
		return dataset.Cannot(op, name, err)
	}
	defer p.close()
	err = p.mark()
	if err == nil {
		err = do(p)
	}
	if errors.Is(err, unix.ENOSPC) && !p.left && p.reclaim() {
		err = do(p)
	}
	if !p.left {
		p.tend()
		err = errors.Join(err, p.unmark())
	}
	return errors.Join(err, p.unlock())
}

// undo runs the undo steps of a change that failed.
func (p *pool) undo(s *revert.Stack) {
	if err := s.Fail(); err != nil {
		p.left = true
		p.b.log.Warn("undo a change; the next command repairs it", "pool", p.name, "err", err)
	}
}

// The mark is one byte in the lock file.
func (p *pool) mark() error {
	_, err := p.held.File().WriteAt([]byte{'!'}, 0)
	return err
}

func (p *pool) unmark() error { return p.held.File().Truncate(0) }

func isMarked(lockPath string) bool {
	info, err := os.Stat(lockPath)
	return err == nil && info.Size() > 0
}
