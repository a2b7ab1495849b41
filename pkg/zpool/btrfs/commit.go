package btrfs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/btrfs"
)

// reserveName is a file that only takes up room. A pool that is full gives it
// up, so that a dataset can still be destroyed.
const (
	reserveName = "reserve"
	reserveSize = 4 << 20
)

// commit makes one transaction last: all of it or, after a crash, nothing.
func (p *pool) commit(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	line = append(bytes.Clone(p.store.tail), append(line, '\n')...)
	err = p.append(line)
	if errors.Is(err, unix.ENOSPC) && p.releaseReserve() == nil {
		err = p.append(line)
	}
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	p.store.apply(e)
	p.store.tail = nil // what the attribute holds is in the file, and so void
	p.store.size += int64(len(line))
	p.store.lines++
	return nil
}

func (p *pool) append(line []byte) error {
	f, err := openIn(p.top, storeName, os.O_WRONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() != p.store.size { // what a crash left behind the last whole line goes
		if err := f.Truncate(p.store.size); err != nil {
			return err
		}
	}
	_, err = f.WriteAt(line, p.store.size)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Truncate(p.store.size))
	}
	return nil
}

func (p *pool) releaseReserve() error {
	if err := os.Remove(filepath.Join(p.top.Name(), reserveName)); err != nil {
		return err
	}
	return btrfs.Sync(p.top)
}

// tend does the housekeeping after a change: a store that has grown is
// rewritten and a reserve that was given up is made again. Both can wait for
// another time when the pool is full.
func (p *pool) tend() {
	if p.store.wasteful() {
		data, err := p.store.rewritten()
		if err == nil {
			err = atomicfile.Write(filepath.Join(p.top.Name(), storeName), data, 0o600)
		}
		if err != nil {
			p.b.log.Info("rewrite the list of datasets", "pool", p.name, "err", err)
		}
	}
	if _, err := p.sweepArrivals(); err != nil {
		p.b.log.Info("sweep unfinished datasets", "pool", p.name, "err", err)
	}
	if err := p.makeReserve(); err != nil {
		p.b.log.Info("make the pool's reserve", "pool", p.name, "err", err)
	}
}

func (p *pool) makeReserve() error {
	path := filepath.Join(p.top.Name(), reserveName)
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := openIn(p.top, reserveName, os.O_WRONLY|os.O_CREATE)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Fallocate(int(f.Fd()), 0, 0, reserveSize); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
