package zone

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/smartbox-os/smartbox/internal/lock"
)

// patience is how long an operation waits for another one on the same zone.
const patience = time.Second

type heldKey struct{ root, name string }

// Hold makes the caller the only one who operates on a zone (installs, boots,
// halts ... it) until release is called, or returns ErrBusy. What an earlier
// operation left half-done when it was killed is finished or undone first.
// Operations called with the returned context join in instead of waiting for
// themselves, so that a caller can hold a zone over several. The zone need not
// exist yet. Edit does not need it.
func (h *Host) Hold(ctx context.Context, name string) (_ context.Context, release func(), err error) {
	key := heldKey{h.root.Join(), name}
	if ctx.Value(key) != nil {
		return ctx, func() {}, nil
	}
	if err := CheckName(name); err != nil {
		return ctx, nil, err
	}
	l, err := h.take(ctx, name)
	if err != nil {
		return ctx, nil, err
	}
	release = func() { h.release(l, name) }
	ctx = context.WithValue(ctx, key, true)
	if err := h.recover(ctx, name); err != nil {
		release()
		return ctx, nil, err
	}
	return ctx, release, nil
}

func (h *Host) take(ctx context.Context, name string) (*lock.Lock, error) {
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l, err := lock.Wait(short, h.lockFile(name, "op"))
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, fmt.Errorf("zone %s: %w", name, ErrBusy)
	}
	return l, err
}

// release leaves no lock behind for a zone that is gone.
func (h *Host) release(l *lock.Lock, name string) {
	end := l.Unlock
	if !h.exists(name) {
		end = l.Remove
	}
	if err := end(); err != nil {
		h.log.Warn("release zone", "zone", name, "error", err)
	}
}

// lockFile is the file of one of a zone's locks: op, held during operations,
// and config, held while the configuration is rewritten. They lie apart from
// runDir, which belongs to the zone's zoneadmd.
func (h *Host) lockFile(name, which string) string {
	return filepath.Join(h.root.Run(), "locks", name+"."+which)
}
