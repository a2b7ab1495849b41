package zone

import (
	"context"
	"errors"
)

// Load reads one zone's configuration; ErrNotFound when there is none.
func (h *Host) Load(name string) (*Config, error) { return nil, errors.ErrUnsupported }

// Create stores a new zone's configuration; ErrExists when the name is taken.
func (h *Host) Create(ctx context.Context, c *Config) error { return errors.ErrUnsupported }

// Edit changes a zone's configuration under its lock; an error of change
// leaves it as it was.
func (h *Host) Edit(ctx context.Context, name string, change func(*Config) error) error {
	return errors.ErrUnsupported
}

// Remove deletes the configuration of a zone that is configured or incomplete.
func (h *Host) Remove(ctx context.Context, name string) error { return errors.ErrUnsupported }
