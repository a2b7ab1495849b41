package btrfs

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
)

// How long a change on a pool that is full waits for the kernel, and how often
// it looks.
const (
	reclaimPatience = 5 * time.Second
	reclaimPause    = 20 * time.Millisecond
)

// reclaim makes room when all of the pool is set aside for data, part of which
// is gone: the metadata that every change needs then finds no place. The kernel
// gives empty chunks back, but with asynchronous discard only ten seconds later,
// so that is off meanwhile. It reports whether there is more room now.
func (p *pool) reclaim() bool {
	before, err := btrfs.SpacesOf(p.top)
	if err != nil || before.Data.Total-before.Data.Used < before.Data.Total/16 {
		return false
	}
	if err := p.remountTop(0, "nodiscard"); err != nil {
		p.b.log.Info("reclaim space", "pool", p.name, "err", err)
		return false
	}
	gained := false
	err = p.await(func() (bool, error) {
		now, err := btrfs.SpacesOf(p.top)
		gained = now.Data.Total < before.Data.Total
		return gained, err
	})
	if err := errors.Join(err, p.remountTop(0, asyncDiscard)); err != nil {
		p.b.log.Info("reclaim space", "pool", p.name, "err", err)
	}
	return gained
}

// remountTop changes how the whole file system is mounted.
func (p *pool) remountTop(flags uintptr, option string) error {
	return unix.Mount("", p.top.Name(), "", unix.MS_REMOUNT|topFlags|flags, option)
}

// awaitSpace waits on a pool that is nearly full until the kernel has freed
// what was destroyed, so that it can be used at once. Otherwise that happens in
// the background.
func (p *pool) awaitSpace(gone []*record) error {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(p.top.Fd()), &st); err != nil || st.Bavail > st.Blocks/16 {
		return err
	}
	return p.await(func() (bool, error) {
		for _, r := range gone {
			if there, err := btrfs.Exists(p.top, r.Subvol); err != nil || there {
				return false, err
			}
		}
		return true, nil
	})
}

// await commits until done says so or patience ends. Each commit wakes the
// kernel's cleaner.
func (p *pool) await(done func() (bool, error)) error {
	for end := time.Now().Add(reclaimPatience); ; time.Sleep(reclaimPause) {
		if err := btrfs.Sync(p.top); err != nil {
			return err
		}
		if ok, err := done(); ok || err != nil || time.Now().After(end) {
			return err
		}
	}
}
