package btrfs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// ClearErrors sets the error counters of a device, or of all, to zero.
func (b *Backend) ClearErrors(ctx context.Context, name, device string) error {
	p, err := b.read(ctx, name)
	if err != nil {
		return dataset.Cannot("open", name, err)
	}
	defer p.close()
	devices, err := p.members()
	if device != "" && err == nil {
		var d btrfs.Device
		d, err = p.findMember(device)
		devices = []btrfs.Device{d}
	}
	if err != nil {
		return dataset.Cannot("clear errors for", name, err)
	}
	for _, d := range devices {
		if !d.Missing {
			err = errors.Join(err, btrfs.ResetErrors(p.top, d.ID))
		}
	}
	if s := p.readScrub(); s != nil && device == "" {
		s.Errors = 0
		err = errors.Join(err, p.writeScrub(s))
	}
	return err
}

// Trim tells devices which blocks are free.
func (b *Backend) Trim(ctx context.Context, name string) error {
	return b.work(ctx, name, func(p *pool) error {
		_, err := btrfs.Trim(p.top)
		if err != nil {
			return dataset.Cannot("trim", name, err)
		}
		return nil
	})
}

// SyncPool writes everything to the devices.
func (b *Backend) SyncPool(ctx context.Context, name string) error {
	return b.work(ctx, name, func(p *pool) error { return btrfs.Sync(p.top) })
}

// historyName is the file in a pool's top level that holds what was done to it,
// a line each. It is kept below maxHistory by dropping what is oldest, but for
// the first line, the pool's creation.
const (
	historyName = "history.jsonl"
	maxHistory  = 1 << 20
)

// Record notes what was done to a pool.
func (b *Backend) Record(ctx context.Context, name string, e dataset.Event) error {
	return b.work(ctx, name, func(p *pool) error {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		f, err := openIn(p.top, historyName, os.O_WRONLY|os.O_APPEND|os.O_CREATE)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.Write(append(line, '\n')); err != nil {
			return noSpace(err)
		}
		if info, err := f.Stat(); err != nil || info.Size() < maxHistory {
			return err
		}
		return p.halveHistory()
	})
}

func (p *pool) halveHistory() error {
	path := filepath.Join(p.top.Name(), historyName)
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	first := bytes.IndexByte(data, '\n') + 1
	half := data[max(first, len(data)/2):]
	half = half[bytes.IndexByte(half, '\n')+1:]
	return noSpace(atomicfile.Replace(path, append(data[:first:first], half...), 0o600))
}

// History is what was done to a pool, oldest first.
func (b *Backend) History(ctx context.Context, name string) ([]dataset.Event, error) {
	var all []dataset.Event
	p, err := b.read(ctx, name)
	if err != nil {
		return nil, dataset.Cannot("open", name, err)
	}
	defer p.close()
	data, err := os.ReadFile(filepath.Join(p.top.Name(), historyName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	for line := range bytes.Lines(data) {
		var e dataset.Event
		if json.Unmarshal(line, &e) == nil { // the last may be cut by a crash
			all = append(all, e)
		}
	}
	return all, err
}
