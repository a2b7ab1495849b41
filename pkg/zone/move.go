package zone

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Move gives an installed zone that is down another zonepath: its dataset or
// directory is renamed, or copied where that cannot be.
func (h *Host) Move(ctx context.Context, name, zonepath string) error {
	ctx, release, err := h.Hold(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	s, err := h.down(ctx, "move", name)
	if err != nil {
		return err
	}
	if s.State != Installed {
		return &StateError{"move", name, s.State}
	}
	from, to, err := h.route(ctx, s.Config, zonepath)
	if err != nil {
		return err
	}
	t := Transition{Op: "move", Dataset: from.dataset, To: zonepath, ToSet: to.dataset}
	if err := h.begin(ctx, name, t); err != nil {
		return err
	}
	s.Config.Transition = &t
	if err := h.relocate(ctx, s.Config, from, to); err != nil {
		return h.undo(ctx, "move", name, err)
	}
	return h.recover(ctx, name)
}

// route checks a move and finds both ends.
func (h *Host) route(ctx context.Context, c *Config, zonepath string) (from, to home, err error) {
	if within(zonepath, c.Path) || within(c.Path, zonepath) {
		return from, to, &OpError{"move", c.Name, fmt.Errorf("%s and %s overlap", c.Path, zonepath)}
	}
	if _, err := h.checkPath("move", c, zonepath); err != nil {
		return from, to, err
	}
	if from, err = h.homeOf(ctx, c); err != nil {
		return from, to, err
	}
	if to, err = h.newHome(ctx, zonepath, from.dataset == ""); err != nil {
		return from, to, err
	}
	if _, err := os.Lstat(to.path); !errors.Is(err, os.ErrNotExist) {
		if err == nil {
			err = os.ErrExist
		}
		return from, to, &OpError{"move", c.Name, fmt.Errorf("%s: %w", zonepath, err)}
	}
	return from, to, h.vacant(ctx, to)
}

// relocate renames a home if it can, else copies it and says so in the
// journal.
func (h *Host) relocate(ctx context.Context, c *Config, from, to home) error {
	h.reach("relocate")
	err := h.rename(ctx, from, to)
	if err == nil || !errors.Is(err, syscall.EXDEV) {
		return err
	}
	if err := h.copyHome(ctx, c, from, to); err != nil {
		return err
	}
	h.reach("copied")
	return h.Edit(ctx, c.Name, func(c *Config) error { c.Transition.Copied = true; return nil })
}

func (h *Host) rename(ctx context.Context, from, to home) error {
	switch {
	case from.dataset != "" && samePool(from.dataset, to.dataset):
		return h.pools.Rename(ctx, from.dataset, to.dataset, zpool.RenameOptions{})
	case from.dataset != "" || to.dataset != "":
		return syscall.EXDEV
	}
	if err := os.MkdirAll(filepath.Dir(to.path), 0o755); err != nil {
		return err
	}
	if err := os.Rename(from.path, to.path); err != nil {
		return err
	}
	return errors.Join(atomicfile.SyncDir(filepath.Dir(from.path)), atomicfile.SyncDir(filepath.Dir(to.path)))
}

// moved ends a move wherever it was interrupted: a zone whose files are whole
// at the new place is there, else it is where it was.
func (h *Host) moved(ctx context.Context, c *Config) error {
	t := c.Transition
	from := home{h.root.Join(c.Path), t.Dataset}
	to := home{h.root.Join(t.To), t.ToSet}
	arrived := t.Copied
	if !arrived {
		left, err := h.gone(ctx, from)
		if err != nil {
			return err
		}
		arrived = left
	}
	rest := to
	if arrived {
		rest = from
	}
	if err := h.demolish(ctx, c.Name, rest, !arrived); err != nil {
		return err
	}
	return h.finish(ctx, c.Name, Installed, func(c *Config) {
		if arrived {
			c.Path, c.Dataset = t.To, t.ToSet
		}
	})
}

// gone reports whether a home is no longer where it was.
func (h *Host) gone(ctx context.Context, at home) (bool, error) {
	if at.dataset != "" {
		_, found, err := h.dataset(ctx, at.dataset)
		return !found, err
	}
	_, err := os.Lstat(filepath.Join(at.path, "root"))
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	return false, err
}
