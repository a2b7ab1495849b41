package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// mendAll finishes or undoes what killed commands left, on any machine. What
// another command has in hand it leaves alone.
func (h *Host) mendAll(ctx context.Context) error {
	list, err := h.journals()
	if err != nil || len(list) == 0 {
		return err
	}
	for _, j := range list {
		if err := h.mendOne(ctx, j); err != nil {
			h.log.Warn("mend machine", "zone", j.Zone, "operation", j.Op, "error", err)
		}
	}
	return nil
}

func (h *Host) mendOne(ctx context.Context, j *journal) error {
	if j.Op == opProvision {
		_, err := h.provisioned(ctx, j)
		return err
	}
	l, err := lock.Try(h.lockFile(j.Zone))
	if errors.Is(err, lock.ErrHeld) {
		return nil
	}
	if err != nil {
		return err
	}
	defer h.release(l, j.Zone)
	j, err = h.readJournal(j.Zone + journalEnd) // as it is now, under the lock
	if err != nil || j == nil {
		return err
	}
	return h.mend(ctx, j)
}

// mend brings a machine whose operation was killed to a state that it may be
// left in. The caller holds the machine.
func (h *Host) mend(ctx context.Context, j *journal) error {
	h.log.Info("mend machine", "zone", j.Zone, "operation", j.Op)
	var err error
	switch j.Op {
	case opCreate:
		err = h.unmake(ctx, j.Zone)
	case opUpdate:
		err = h.finishUpdate(ctx, j)
	case opDelete:
		err = h.unmake(ctx, j.Zone)
	case opRollback:
		err = h.finishRollback(ctx, j)
	default:
		err = fmt.Errorf("unknown operation %q", j.Op)
	}
	if err != nil {
		return fmt.Errorf("finish an interrupted %s of VM %s: %w", j.Op, j.Zone, err)
	}
	return h.end(j)
}

func (h *Host) finishUpdate(ctx context.Context, j *journal) error {
	if j.Plan == nil || j.Plan.After == nil {
		return errors.New("its plan is missing")
	}
	unlock, err := h.lockData(ctx, j.Zone)
	if err != nil {
		return err
	}
	defer unlock()
	if err := h.mounted(ctx, j.Plan.After); err != nil {
		return err
	}
	err = h.apply(ctx, j.Zone, j.Plan)
	if err == nil {
		return nil
	}
	// It failed as it would have failed then, and left nothing changed.
	h.log.Warn("an interrupted update was undone", "zone", j.Zone, "error", err)
	return nil
}

// finishRollback starts the machine too. That it does not start is no reason to
// roll it back again and again: it is what it was then.
func (h *Host) finishRollback(ctx context.Context, j *journal) error {
	if err := h.rollBack(ctx, j); err != nil {
		return err
	}
	if err := h.zones.Boot(ctx, j.Zone, zone.BootOptions{}); err != nil {
		h.log.Warn("boot after a rollback", "zone", j.Zone, "error", err)
	}
	return nil
}

// sweepLocks removes the locks of machines that are gone, which one who was
// killed at his very end left.
func (h *Host) sweepLocks() {
	dir := filepath.Join(h.root.Run(), "locks")
	files, err := os.ReadDir(dir)
	if err != nil {
		return // nothing was ever locked
	}
	for _, f := range files {
		name, which, _ := strings.Cut(f.Name(), ".")
		if len(name) != len(zeroUUID) || !slices.Contains([]string{"op", "config", "vm", "data"}, which) {
			continue
		}
		if _, err := os.Lstat(h.configFile(name)); err == nil {
			continue
		}
		l, err := lock.Try(filepath.Join(dir, f.Name()))
		if err != nil {
			continue // in use
		}
		if err := l.Remove(); err != nil {
			h.log.Debug("remove lock", "file", f.Name(), "error", err)
		}
	}
}
