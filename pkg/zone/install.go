package zone

import (
	"context"
	"errors"
)

// InstallOptions say where a zone's root comes from.
type InstallOptions struct {
	Origin string            // snapshot to clone: zones/IMAGE@final
	Props  map[string]string // of the new dataset: quota ...
}

// Install makes a configured zone's dataset at its zonepath (root/, config/,
// cores/ below it) and prepares the root for its brand.
func (h *Host) Install(ctx context.Context, name string, o InstallOptions) error {
	return errors.ErrUnsupported
}

// Uninstall destroys a zone's dataset, or files; the zone is configured then.
func (h *Host) Uninstall(ctx context.Context, name string) error { return errors.ErrUnsupported }
