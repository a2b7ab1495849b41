package zone

import (
	"context"
	"errors"
	"fmt"
)

// Transition is the journal of an operation that takes several steps: it is
// written before the first and removed with the last, in the same write that
// changes the state. In between the zone is incomplete.
type Transition struct {
	Op       string `json:"op"`                 // install, clone, uninstall, move
	Dataset  string `json:"dataset,omitempty"`  // made, destroyed or moved; empty: plain directories
	Snapshot string `json:"snapshot,omitempty"` // taken to clone from, goes with the clone
	To       string `json:"to,omitempty"`       // move: the new zonepath
	ToSet    string `json:"to_dataset,omitempty"`
	Copied   bool   `json:"copied,omitempty"` // move: the copy is whole, the old files may go
}

// begin journals what is about to happen. The caller holds the zone.
func (h *Host) begin(ctx context.Context, name string, t Transition) error {
	h.reach(t.Op + ": begin")
	err := h.Edit(ctx, name, func(c *Config) error {
		c.State, c.Transition = Incomplete, &t
		return nil
	})
	h.reach(t.Op + ": begun")
	return err
}

// finish ends a transition in state, with a last change of the configuration.
func (h *Host) finish(ctx context.Context, name string, state State, change func(*Config)) error {
	h.reach("finish")
	err := h.Edit(ctx, name, func(c *Config) error {
		c.State, c.Transition = state, nil
		if change != nil {
			change(c)
		}
		return nil
	})
	h.reach("finished")
	return err
}

// reach tells a test that the work has come to a step, so that it can kill it.
func (h *Host) reach(step string) {
	if h.onStep != nil {
		h.onStep(step)
	}
}

// recover finishes or undoes what a killed operation left half-done. The caller
// holds the zone.
func (h *Host) recover(ctx context.Context, name string) error {
	c, err := h.Load(name)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil || c.Transition == nil {
		return err
	}
	h.log.Info("recover from an interrupted operation", "zone", name, "operation", c.Transition.Op)
	if err := h.resolve(ctx, c); err != nil {
		return fmt.Errorf("zone %s: recover from an interrupted %s: %w", name, c.Transition.Op, err)
	}
	return nil
}

// resolve undoes what makes a zone and finishes what removes or moves one.
func (h *Host) resolve(ctx context.Context, c *Config) error {
	switch t := c.Transition; t.Op {
	case "install", "clone":
		return h.uninstalled(ctx, c)
	case "uninstall":
		return h.uninstalled(ctx, c)
	case "move":
		return h.moved(ctx, c)
	default:
		return fmt.Errorf("unknown operation %q in its journal", t.Op)
	}
}

// undo is resolve after an error of the operation itself; both are reported.
func (h *Host) undo(ctx context.Context, op, name string, cause error) error {
	ctx = context.WithoutCancel(ctx) // ^C stops the work, not the tidying up
	return &OpError{op, name, errors.Join(cause, h.recover(ctx, name))}
}

// Sweep finishes or undoes everything that killed commands left half-done, of
// all zones that nobody works on now. It is for the host's start.
func (h *Host) Sweep(ctx context.Context) error {
	names, err := h.names()
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		_, release, err := h.Hold(ctx, name)
		if err == nil {
			err = h.locked(ctx, name, func() error { h.sweepWrites(name); return nil })
			release()
		}
		if err != nil && !errors.Is(err, ErrBusy) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
