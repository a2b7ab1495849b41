package zone

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// BootOptions of one boot; empty members are the configuration's.
type BootOptions struct {
	Init string   `json:"init,omitempty"` // -i: path of init
	Args []string `json:"args,omitempty"` // further arguments of init (-m, -s and unknown words)
}

// Boot starts an installed or ready zone and returns when its init runs.
func (h *Host) Boot(ctx context.Context, name string, o BootOptions) error {
	return h.rise(ctx, name, Request{Op: OpBoot, Boot: o})
}

// Ready makes the zone's kernel parts without an init.
func (h *Host) Ready(ctx context.Context, name string) error {
	return h.rise(ctx, name, Request{Op: OpReady})
}

func (h *Host) rise(ctx context.Context, name string, r Request) error {
	ctx, release, err := h.Hold(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	s, err := h.current(ctx, name)
	if err != nil {
		return err
	}
	switch {
	case s.State == Ready && r.Op == OpBoot:
		return h.ask(ctx, name, r)
	case s.State != Installed:
		return &StateError{r.Op, name, s.State}
	}
	if err := h.sweep(ctx, s); err != nil {
		return err
	}
	if err := h.mount(ctx, s.Config); err != nil {
		return err
	}
	err = h.spawn(ctx, name, r)
	if err != nil && !errors.Is(err, ErrBusy) {
		// Its zoneadmd has cleaned up, or was killed and could not.
		return errors.Join(err, h.tidy(context.WithoutCancel(ctx), name))
	}
	return err
}

// current is a zone's status when no zoneadmd of it is just beginning or
// ending: then it holds the lock and tells no state. A command that was killed
// can have left one.
func (h *Host) current(ctx context.Context, name string) (Status, error) {
	pause := time.Millisecond
	for end := time.Now().Add(endPatience); ; {
		s, err := h.Status(name)
		if err != nil || s.Run != nil || s.State != Installed {
			return s, err
		}
		held, err := lock.IsHeld(filepath.Join(h.runDir(name), "lock"))
		if err != nil || !held {
			return s, err
		}
		if time.Now().After(end) {
			return s, fmt.Errorf("zone %s: %w", name, ErrBusy)
		}
		select {
		case <-ctx.Done():
			return s, ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, 50*time.Millisecond)
	}
}

// mount mounts the dataset at the zonepath; a zone on a plain directory has
// none.
func (h *Host) mount(ctx context.Context, c *Config) error {
	set, err := h.pools.DatasetAt(ctx, h.root.Join(c.Path))
	if errors.Is(err, zpool.ErrNotFound) || errors.Is(err, zpool.ErrNoPool) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("zone %s: dataset: %w", c.Name, err)
	}
	return h.pools.Mount(ctx, set)
}

// Halt ends a zone at once; a zone that is down already is fine. One that
// somebody waits for to shut down is not spared the halt.
func (h *Host) Halt(ctx context.Context, name string) error {
	s, err := h.Status(name)
	if err == nil && s.State == ShuttingDown {
		if err := h.stop(ctx, name, s.Run.Supervisor); err != nil {
			return err
		}
	}
	return h.fall(ctx, name, func(run *RunState) error { return h.stop(ctx, name, run.Supervisor) })
}

// Shutdown asks init to end the zone (by the brand's way), waits at most
// patience, and halts it then. With reboot it boots again.
func (h *Host) Shutdown(ctx context.Context, name string, patience time.Duration, reboot bool) error {
	r := Request{Op: OpShutdown, Patience: patience, Reboot: reboot}
	if reboot {
		return h.order(ctx, name, r)
	}
	return h.fall(ctx, name, func(*RunState) error {
		err := h.ask(ctx, name, r)
		if errors.Is(err, errNoSupervisor) { // it ended meanwhile
			return nil
		}
		return err
	})
}

// Reboot halts and boots a running zone; its zone id changes.
func (h *Host) Reboot(ctx context.Context, name string, o BootOptions) error {
	return h.order(ctx, name, Request{Op: OpReboot, Boot: o})
}

// Kill sends a signal to a running zone's init, whatever else is done to the
// zone meanwhile.
func (h *Host) Kill(_ context.Context, name string, sig syscall.Signal) error {
	s, err := h.Status(name)
	if err != nil {
		return err
	}
	if s.Run == nil || s.Run.Init.Pid == 0 {
		return &StateError{"signal", name, s.State}
	}
	return signalProcess(s.Run.Init, sig)
}

// Refresh applies a changed configuration to a running zone as far as it can
// change live: limits, link protection, routes.
func (h *Host) Refresh(ctx context.Context, name string) error {
	return h.order(ctx, name, Request{Op: OpRefresh})
}

// order gives an order to a zone that must run.
func (h *Host) order(ctx context.Context, name string, r Request) error {
	ctx, release, err := h.Hold(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	s, err := h.current(ctx, name)
	if err != nil {
		return err
	}
	if s.Run == nil {
		return errors.Join(&StateError{r.Op, name, s.State}, h.sweep(ctx, s))
	}
	return h.ask(ctx, name, r)
}

// fall ends the zone by end if it runs, and sees that nothing is left.
func (h *Host) fall(ctx context.Context, name string, end func(*RunState) error) error {
	ctx, release, err := h.Hold(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	// A reboot that outlived its command leaves the zone to another zoneadmd, and
	// may do so while the first is told to end.
	for last := (Process{}); ; {
		s, err := h.current(ctx, name)
		if err != nil {
			return err
		}
		if s.Run == nil || s.Run.Supervisor == last {
			return h.tidy(ctx, name)
		}
		last = s.Run.Supervisor
		if err := end(s.Run); err != nil {
			return err
		}
	}
}
