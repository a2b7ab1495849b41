package zone

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/strictjson"
)

// DamagedError says that a zone's configuration exists but cannot be read.
type DamagedError struct {
	Zone string
	File string // as users see it
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("zone %s: damaged configuration %s: %v", e.Zone, e.File, e.Err)
}

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Err }

// Load reads one zone's configuration; ErrNotFound when there is none.
func (h *Host) Load(name string) (*Config, error) { return h.load(name, new(reader)) }

func (h *Host) load(name string, r *reader) (*Config, error) {
	if CheckName(name) != nil {
		return nil, fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	data, err := r.file(h.file(name))
	if errors.Is(err, os.ErrNotExist) && h.wake() {
		data, err = r.file(h.file(name))
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	if err != nil {
		return nil, h.damaged(name, err)
	}
	return h.decode(name, data)
}

// decode reads a configuration. The file's name is the zone's, whatever the
// text says: so a rename is one step.
func (h *Host) decode(name string, data []byte) (*Config, error) {
	c := new(Config)
	if err := strictjson.Unmarshal(data, c); err != nil {
		return nil, h.damaged(name, err)
	}
	c.Name = name
	if err := c.check(); err != nil {
		return nil, h.damaged(name, err)
	}
	return c, nil
}

func (h *Host) damaged(name string, err error) error {
	return &DamagedError{name, h.root.Display(h.file(name)), err}
}

// Create stores a new zone's configuration; ErrExists when the name is taken.
// It gives c its debug id.
func (h *Host) Create(ctx context.Context, c *Config) error {
	if c.State == "" {
		c.State = Configured
	}
	if err := c.check(); err != nil {
		return err
	}
	if err := os.MkdirAll(h.root.Zones(), 0o755); err != nil {
		return fmt.Errorf("create zone %s: %w", c.Name, err)
	}
	return h.locked(ctx, c.Name, func() error {
		if h.exists(c.Name) {
			return fmt.Errorf("%s: %w", c.Name, ErrExists)
		}
		if err := h.number(ctx, c); err != nil {
			return err
		}
		return h.write(c)
	})
}

// Edit changes a zone's configuration under its lock; an error of change
// leaves it as it was. change must not edit the same zone again.
func (h *Host) Edit(ctx context.Context, name string, change func(*Config) error) error {
	if !h.exists(name) {
		return fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	return h.locked(ctx, name, func() error {
		c, err := h.Load(name)
		if err != nil {
			return err
		}
		before, err := encode(c)
		if err != nil {
			return err
		}
		if err := change(c); err != nil {
			return err
		}
		if c.Name != name {
			return fmt.Errorf("zone %s: a name is changed with Rename", name)
		}
		return h.rewrite(c, before)
	})
}

func (h *Host) rewrite(c *Config, before []byte) error {
	if err := c.check(); err != nil {
		return err
	}
	if after, err := encode(c); err != nil || bytes.Equal(before, after) {
		return err
	}
	return h.write(c)
}

// Rename gives a configured zone another name; ErrExists when it is taken.
func (h *Host) Rename(ctx context.Context, from, to string) error {
	if err := CheckName(to); err != nil {
		return err
	}
	ctx, release, err := h.Hold(ctx, from)
	if err != nil {
		return err
	}
	defer release()
	ctx, releaseTo, err := h.Hold(ctx, to)
	if err != nil {
		return err
	}
	defer releaseTo()
	return h.locked(ctx, from, func() error {
		c, err := h.Load(from)
		if err != nil {
			return err
		}
		if c.State != Configured {
			return &StateError{"rename", from, c.State}
		}
		return h.locked(ctx, to, func() error { return h.move(from, to) })
	})
}

func (h *Host) move(from, to string) error {
	if h.exists(to) {
		return fmt.Errorf("%s: %w", to, ErrExists)
	}
	if err := os.Rename(h.file(from), h.file(to)); err != nil {
		return fmt.Errorf("rename zone %s: %w", from, err)
	}
	if err := atomicfile.SyncDir(h.root.Zones()); err != nil {
		return err
	}
	c, err := h.Load(to)
	if err != nil {
		return err
	}
	return h.write(c)
}

// Remove deletes the configuration of a zone that is configured or incomplete,
// its logs, and what an earlier life left in the run directory.
func (h *Host) Remove(ctx context.Context, name string) error {
	ctx, release, err := h.Hold(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	return h.locked(ctx, name, func() error {
		s, err := h.Status(name)
		if err != nil {
			return err
		}
		if s.State != Configured && s.State != Incomplete {
			return &StateError{"delete", name, s.State}
		}
		for _, left := range []string{h.runDir(name), h.LogFile(name), h.LogFile(name) + ".0", h.ConsoleLog(name), h.ConsoleLog(name) + ".0"} {
			if err := os.RemoveAll(left); err != nil {
				return fmt.Errorf("delete zone %s: %w", name, err)
			}
		}
		if err := os.Remove(h.file(name)); err != nil {
			return fmt.Errorf("delete zone %s: %w", name, err)
		}
		h.sweepWrites(name)
		return atomicfile.SyncDir(h.root.Zones())
	})
}

// sweepWrites removes what writes of the configuration left that were killed.
// The caller keeps others from writing.
func (h *Host) sweepWrites(name string) {
	left, _ := filepath.Glob(h.root.Zones() + "/." + name + ".json.tmp*") // the pattern is well-formed
	for _, file := range left {
		if err := os.Remove(file); err != nil {
			h.log.Warn("remove an unfinished write", "file", file, "error", err)
		}
	}
}

func (h *Host) file(name string) string { return h.root.Zones() + "/" + name + ".json" }

func (h *Host) exists(name string) bool {
	if CheckName(name) != nil {
		return false
	}
	_, err := os.Lstat(h.file(name))
	return err == nil
}

// locked runs f while nobody else rewrites the zone's configuration.
func (h *Host) locked(ctx context.Context, name string, f func() error) error {
	l, err := lock.Wait(ctx, h.lockFile(name, "config"))
	if err != nil {
		return err
	}
	err = f()
	end := l.Unlock
	if !h.exists(name) {
		end = l.Remove
	}
	return errors.Join(err, end())
}

func (h *Host) write(c *Config) error {
	data, err := encode(c)
	if err != nil {
		return err
	}
	return atomicfile.Write(h.file(c.Name), data, 0o644)
}

func encode(c *Config) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(c); err != nil {
		return nil, fmt.Errorf("zone %s: %w", c.Name, err)
	}
	return b.Bytes(), nil
}
