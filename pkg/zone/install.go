package zone

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// InstallOptions say where a zone's root comes from.
type InstallOptions struct {
	Origin string            // snapshot to clone: zones/IMAGE@final
	Fill   Fill              // makes the dataset in another way
	Props  map[string]string // of the new dataset: quota ...
	Plain  bool              // directories, also where a dataset could be made
}

// Fill makes a dataset with these properties.
type Fill func(ctx context.Context, dataset string, props map[string]string) error

// Install makes a configured zone's dataset at its zonepath (root/, config/,
// cores/ below it) and prepares the root for its brand.
func (h *Host) Install(ctx context.Context, name string, o InstallOptions) error {
	ctx, release, err := h.Hold(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	c, err := h.installable("install", name)
	if err != nil {
		return err
	}
	at, err := h.newHome(ctx, c.Path, o.Plain)
	if err != nil {
		return err
	}
	if (o.Origin != "" || o.Fill != nil) && at.dataset == "" {
		return &OpError{"install", name, fmt.Errorf("the directory above %s is no dataset's mountpoint, so no image can be cloned there", c.Path)}
	}
	if err := h.vacant(ctx, at); err != nil {
		return &OpError{"install", name, err}
	}
	if err := h.begin(ctx, name, Transition{Op: "install", Dataset: at.dataset}); err != nil {
		return err
	}
	if err := h.settle(ctx, c, at, o); err != nil {
		return h.undo(ctx, "install", name, err)
	}
	return h.finish(ctx, name, Installed, at.identify)
}

// installable is the configuration of a zone that can be installed, cloned or
// attached to: configured, and its zonepath is fit.
func (h *Host) installable(op, name string) (*Config, error) {
	s, err := h.Status(name)
	if err != nil {
		return nil, err
	}
	if s.State != Configured {
		return nil, &StateError{op, name, s.State}
	}
	if _, err := h.checkPath(op, s.Config, s.Config.Path); err != nil {
		return nil, err
	}
	return s.Config, nil
}

// settle makes a zone's home and what its brand wants to find there.
func (h *Host) settle(ctx context.Context, c *Config, at home, o InstallOptions) error {
	h.reach("build")
	if err := h.build(ctx, c.Name, at, o); err != nil {
		return err
	}
	h.reach("furnish")
	return furnish(at)
}

// identify notes where a zone was installed, and gives it the uuid that it
// keeps.
func (at home) identify(c *Config) {
	c.Dataset = at.dataset
	if c.UUID == "" {
		c.UUID = uuid.NewString()
	}
}

// Uninstall destroys a zone's dataset, or files; the zone is configured then.
func (h *Host) Uninstall(ctx context.Context, name string) error {
	ctx, release, err := h.Hold(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	s, err := h.down(ctx, "uninstall", name)
	if err != nil {
		return err
	}
	if s.State == Configured {
		return &StateError{"uninstall", name, s.State}
	}
	at, err := h.homeOf(ctx, s.Config)
	if err != nil {
		return err
	}
	t := Transition{Op: "uninstall", Dataset: at.dataset}
	if at.dataset != "" {
		set, _, err := h.dataset(ctx, at.dataset, "origin")
		if err != nil {
			return err
		}
		t.Snapshot = set.Get("origin")
	}
	if err := h.begin(ctx, name, t); err != nil {
		return err
	}
	if err := h.recover(ctx, name); err != nil {
		return &OpError{"uninstall", name, err}
	}
	return nil
}

// down is the status of a zone that op must not find in the kernel. What a
// crash left of it there is cleaned up first.
func (h *Host) down(ctx context.Context, op, name string) (Status, error) {
	s, err := h.Status(name)
	switch {
	case err != nil:
		return s, err
	case s.Run != nil:
		return s, &StateError{op, name, s.State}
	case s.Crashed != nil:
		if err := h.Halt(ctx, name); err != nil {
			return s, err
		}
		return h.Status(name)
	}
	return s, nil
}

// uninstalled brings a zone back to configured: its home goes, and the
// snapshot that was taken to clone it.
func (h *Host) uninstalled(ctx context.Context, c *Config) error {
	t := c.Transition
	at := home{path: h.root.Join(c.Path), dataset: t.Dataset}
	if err := h.demolish(ctx, c.Name, at, t.Op != "uninstall"); err != nil {
		return err
	}
	if err := h.dropCloneSnapshot(ctx, t.Snapshot); err != nil {
		return err
	}
	return h.finish(ctx, c.Name, Configured, func(c *Config) { c.Dataset = "" })
}
