package btrfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// scrubName is the file in a pool's top level that tells of the last scrub.
const scrubName = "scrub.json"

// scrubState is a scrub as it is kept.
type scrubState struct {
	dataset.Scan
	Positions map[uint64]uint64 `json:"positions"` // of each device, where a paused scrub goes on
}

const sectorSize = 4096

func (b *Backend) scrubLock(name string) string { return b.topPath(name) + ".scrub.lock" }

// Scrub starts, stops or pauses the scrub of a pool. One that is not waited for
// goes on in a process of its own.
func (b *Backend) Scrub(ctx context.Context, name, do string, wait bool) error {
	p, err := b.read(ctx, name)
	if err != nil {
		return dataset.Cannot("open", name, err)
	}
	defer p.close()
	switch do {
	case dataset.ScrubStop:
		err = p.stopScrub(dataset.Canceled)
	case dataset.ScrubPause:
		err = p.stopScrub(dataset.Paused)
	default:
		err = p.startScrub(ctx, wait)
	}
	if err != nil {
		return dataset.Cannot(map[string]string{dataset.ScrubStop: "cancel scrubbing", dataset.ScrubPause: "pause scrubbing"}[do]+
			map[bool]string{true: "scrub"}[do == dataset.ScrubStart], name, err)
	}
	return nil
}

var errScrubbing = dataset.As(dataset.ErrBusy, "currently scrubbing; use 'zpool scrub -s' to cancel scrub")

func (p *pool) startScrub(ctx context.Context, wait bool) error {
	held, err := lock.Try(p.b.scrubLock(p.name))
	if errors.Is(err, lock.ErrHeld) {
		return errScrubbing
	}
	if err != nil {
		return err
	}
	if wait {
		err := held.File().Truncate(0) // what the last one was asked to do
		if err == nil {
			err = p.scrub(ctx)
		}
		return errors.Join(err, held.Unlock())
	}
	// The child takes the lock when we have let go of it.
	if err := held.Unlock(); err != nil {
		return err
	}
	return p.spawnScrub()
}

// spawnScrub starts a process that scrubs, and waits until it has begun.
func (p *pool) spawnScrub() error {
	cmd := exec.Command("/proc/self/exe", "scrub", "-w", "--background", p.name)
	cmd.Args[0] = "zpool"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended: // a small pool is done by now
			return err
		case <-time.After(10 * time.Millisecond):
		}
		if held, err := lock.IsHeld(p.b.scrubLock(p.name)); held || err != nil {
			return err
		}
	}
}

// scrub scrubs device after device and keeps the state up to date.
func (p *pool) scrub(ctx context.Context) error {
	devices, err := p.members()
	if err != nil {
		return err
	}
	state := p.readScrub()
	if state == nil || state.State != dataset.Paused {
		state = &scrubState{Scan: dataset.Scan{Started: time.Now()}, Positions: map[uint64]uint64{}}
	}
	state.State, state.Total = dataset.Scanning, 0
	for _, d := range devices {
		state.Total += int64(d.Used)
	}
	stop := make(chan struct{})
	defer close(stop)
	go func() { // a signal ends the scrub in the kernel
		select {
		case <-ctx.Done():
			_ = btrfs.CancelScrub(p.top) // ended by itself meanwhile
		case <-stop:
		}
	}()
	for _, d := range devices {
		if d.Missing || state.Positions[d.ID] == scrubDone {
			continue
		}
		if err := p.scrubDevice(d, state); err != nil {
			return err
		}
	}
	state.State, state.Ended, state.Positions = dataset.Finished, time.Now(), nil
	return p.writeScrub(state)
}

// scrubDone is the position of a device that is scrubbed.
const scrubDone = ^uint64(0)

func (p *pool) scrubDevice(d btrfs.Device, state *scrubState) error {
	before := state.Scan
	type result struct {
		progress btrfs.ScrubProgress
		err      error
	}
	done := make(chan result, 1)
	go func() {
		progress, err := btrfs.Scrub(p.top, d.ID, state.Positions[d.ID])
		done <- result{progress, err}
	}()
	for {
		select {
		case r := <-done:
			state.count(before, r.progress)
			if errors.Is(r.err, unix.ECANCELED) {
				return p.canceled(d, state, r.progress)
			}
			if r.err != nil {
				return r.err
			}
			state.Positions[d.ID] = scrubDone
			return nil
		case <-time.After(500 * time.Millisecond):
			progress, err := btrfs.ScrubState(p.top, d.ID)
			if err == nil {
				now := *state
				now.count(before, progress)
				err = p.writeScrub(&now)
			}
			if err != nil && !errors.Is(err, unix.ENOTCONN) {
				p.b.log.Info("note how far a scrub has come", "pool", p.name, "err", err)
			}
		}
	}
}

// count adds what one device's scrub has found to what was found before.
func (s *scrubState) count(before dataset.Scan, progress btrfs.ScrubProgress) {
	s.Done = before.Done + int64(progress.DataBytes+progress.TreeBytes)
	s.Repaired = before.Repaired + int64(progress.Corrected)*sectorSize
	s.Errors = before.Errors + int64(progress.Uncorrectable)
}

// canceled notes how a scrub ended that somebody stopped: as paused, if that
// was asked for.
func (p *pool) canceled(d btrfs.Device, state *scrubState, progress btrfs.ScrubProgress) error {
	if asked, err := os.ReadFile(p.b.scrubLock(p.name)); err == nil && string(asked) == dataset.Paused {
		state.State = dataset.Paused
		state.Positions[d.ID] = progress.LastPhysical
	} else {
		state.State, state.Ended, state.Positions = dataset.Canceled, time.Now(), nil
	}
	if err := p.writeScrub(state); err != nil {
		return err
	}
	return fmt.Errorf("scrub was %s", state.State)
}

// stopScrub asks the process that scrubs to end, and waits until it has.
func (p *pool) stopScrub(how string) error {
	state := p.readScrub()
	held, err := lock.IsHeld(p.b.scrubLock(p.name))
	switch {
	case err != nil:
		return err
	case !held && how == dataset.Canceled && state != nil && state.State == dataset.Paused:
		state.State, state.Ended, state.Positions = dataset.Canceled, time.Now(), nil
		return p.writeScrub(state)
	case !held:
		return errors.New("there is no active scrub")
	}
	if err := os.WriteFile(p.b.scrubLock(p.name), []byte(how), 0o600); err != nil { // who scrubs reads it
		return err
	}
	for {
		if err := btrfs.CancelScrub(p.top); err != nil && !errors.Is(err, unix.ENOTCONN) {
			return err
		}
		held, err := lock.IsHeld(p.b.scrubLock(p.name))
		if err != nil || !held {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (p *pool) readScrub() *scrubState {
	data, err := os.ReadFile(filepath.Join(p.top.Name(), scrubName))
	if err != nil {
		return nil
	}
	s := new(scrubState)
	if err := json.Unmarshal(data, s); err != nil {
		p.b.log.Info("read the state of a scrub", "pool", p.name, "err", err)
		return nil
	}
	if s.Positions == nil {
		s.Positions = make(map[uint64]uint64)
	}
	return s
}

func (p *pool) writeScrub(s *scrubState) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return noSpace(atomicfile.Replace(filepath.Join(p.top.Name(), scrubName), data, 0o600))
}

// lastScan is the scrub that is going on or the last. One whose process is gone
// without a word was cut off.
func (p *pool) lastScan() *dataset.Scan {
	s := p.readScrub()
	if s == nil {
		return nil
	}
	if s.State == dataset.Scanning {
		if held, err := lock.IsHeld(p.b.scrubLock(p.name)); err == nil && !held {
			s.State = dataset.Canceled
		}
	}
	return &s.Scan
}
