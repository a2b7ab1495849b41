package zone

import (
	"context"
	"fmt"
)

// Mark sets the stored state of a zone that is down by hand: Incomplete
// declares it unusable, so that only uninstall remains. With force Configured
// and Installed are possible too, whatever its files say.
func (h *Host) Mark(ctx context.Context, name string, state State, force bool) error {
	ctx, release, err := h.Hold(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	if _, err := h.down(ctx, "mark", name); err != nil {
		return err
	}
	byForce := force && (state == Configured || state == Installed)
	if state != Incomplete && !byForce {
		return fmt.Errorf("zone %s cannot be marked %s", name, state)
	}
	return h.Edit(ctx, name, func(c *Config) error { c.State = state; return nil })
}
