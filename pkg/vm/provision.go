package vm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// marker is the file by which the services of an image say that they are still
// provisioning; they move it away when they are done. Images without such
// services lack it and count as provisioned when their init runs steadily.
const marker = "var/svc/provisioning"

// provisionTime is how long a new machine may take after its first boot.
const provisionTime = 300 * time.Second

// waitProvisioned waits until a booted machine is provisioned, or marks it
// failed when it is not in time.
func (h *Host) waitProvisioned(ctx context.Context, j *journal) error {
	for {
		done, err := h.provisioned(ctx, j)
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return worded("VM %s goes on provisioning: %w", j.Zone, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// provisioned looks whether a machine is provisioned and takes note of it.
// Every command that meets the journal of a provision calls it, so that a
// machine becomes what it is also when its creator was killed.
func (h *Host) provisioned(ctx context.Context, j *journal) (bool, error) {
	s, err := h.zones.Status(j.Zone)
	if errors.Is(err, zone.ErrNotFound) {
		return true, h.end(j)
	}
	if err != nil {
		return false, err
	}
	waiting, err := h.marked(s.Config)
	if err != nil {
		return false, err
	}
	fallen := h.fallen(s, j.Booted)
	switch {
	case fallen != nil && (s.State != zone.Running || !waiting):
		return true, h.fail(ctx, j, fallen.Error())
	case !waiting && s.State == zone.Running && !isSteady(s):
		return false, nil
	case !waiting:
		return true, h.end(j)
	case s.State == zone.Installed:
		return true, h.fail(ctx, j, "the zone went down before it was provisioned")
	case h.Now().After(j.Deadline):
		return true, h.fail(ctx, j, "timed out waiting for /"+marker+" to move for "+j.Zone)
	}
	return false, nil
}

// marked reports whether the marker is in the machine's root, without following
// links out of it.
func (h *Host) marked(c *zone.Config) (bool, error) {
	root, err := os.OpenRoot(filepath.Join(h.path(c), "root"))
	if err != nil {
		return false, err
	}
	defer root.Close()
	_, err = root.Lstat(marker)
	return err == nil, nil // a root that hides the marker has none
}

// fail halts a machine that was not provisioned and says why for good.
func (h *Host) fail(ctx context.Context, j *journal, reason string) error {
	err := h.zones.Edit(ctx, j.Zone, func(c *zone.Config) error {
		setAttr(c, "failed", String, reason)
		c.Autoboot = false
		return nil
	})
	if err != nil {
		return err
	}
	if err := h.zones.Halt(ctx, j.Zone); err != nil {
		return err
	}
	if err := h.end(j); err != nil {
		return err
	}
	return errors.New(reason)
}
