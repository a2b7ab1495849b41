package zone

import (
	"context"
	"errors"
	"syscall"
	"time"
)

// BootOptions of one boot; empty members are the configuration's.
type BootOptions struct {
	Init string   // -i: path of init
	Args []string // further arguments of init (-m, -s and unknown words)
}

// Boot starts an installed or ready zone and returns when its init runs.
func (h *Host) Boot(ctx context.Context, name string, o BootOptions) error {
	return errors.ErrUnsupported
}

// Ready makes the zone's kernel parts without an init.
func (h *Host) Ready(ctx context.Context, name string) error { return errors.ErrUnsupported }

// Halt ends a zone at once; a zone that is down already is fine.
func (h *Host) Halt(ctx context.Context, name string) error { return errors.ErrUnsupported }

// Shutdown asks init to end the zone (by the brand's way), waits at most
// patience, and halts it then. With reboot it boots again.
func (h *Host) Shutdown(ctx context.Context, name string, patience time.Duration, reboot bool) error {
	return errors.ErrUnsupported
}

// Reboot halts and boots a running zone; its zone id changes.
func (h *Host) Reboot(ctx context.Context, name string, o BootOptions) error {
	return errors.ErrUnsupported
}

// Kill sends a signal to a running zone's init.
func (h *Host) Kill(ctx context.Context, name string, sig syscall.Signal) error {
	return errors.ErrUnsupported
}

// Refresh applies a changed configuration to a running zone as far as it can
// change live: limits, link protection, routes.
func (h *Host) Refresh(ctx context.Context, name string) error { return errors.ErrUnsupported }

// BootAll boots every installed autoboot zone, some in parallel; HaltAll shuts
// all down. Both return the joined errors of the zones that failed.
func (h *Host) BootAll(ctx context.Context) error { return errors.ErrUnsupported }

// HaltAll shuts down every running zone.
func (h *Host) HaltAll(ctx context.Context) error { return errors.ErrUnsupported }
