package zone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/strictjson"
)

// detachedFile in a zonepath holds the configuration of the detached zone.
const detachedFile = "SUNWdetached.json"

// maxManifest bounds what is read as one.
const maxManifest = 4 << 20

// Detach turns an installed zone that is down into a configured one. Its files
// stay, with the configuration beside them, so that Attach can take them up
// here or on another host.
func (h *Host) Detach(ctx context.Context, name string) error {
	ctx, release, err := h.Hold(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	manifest, c, err := h.manifest(ctx, name)
	if err != nil {
		return err
	}
	h.reach("detach: manifest")
	file := filepath.Join(h.root.Join(c.Path), detachedFile)
	if err := atomicfile.Write(file, manifest, 0o600); err != nil {
		return &OpError{"detach", name, err}
	}
	return h.finish(ctx, name, Configured, func(c *Config) { c.Dataset = "" })
}

// DetachManifest is what Detach would write beside the zone's files.
func (h *Host) DetachManifest(ctx context.Context, name string) ([]byte, error) {
	manifest, _, err := h.manifest(ctx, name)
	return manifest, err
}

func (h *Host) manifest(ctx context.Context, name string) ([]byte, *Config, error) {
	s, err := h.down(ctx, "detach", name)
	if err != nil {
		return nil, nil, err
	}
	if s.State != Installed {
		return nil, nil, &StateError{"detach", name, s.State}
	}
	manifest, err := encode(s.Config)
	return manifest, s.Config, err
}

// ReadDetached reads the configuration of the detached zone whose files lie at
// zonepath; ErrNotFound when none was detached there.
func (h *Host) ReadDetached(zonepath string) (*Config, error) {
	f, err := os.Open(filepath.Join(h.root.Join(zonepath), detachedFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("no detached zone at %s: %w", zonepath, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return decodeManifest(f)
}

func decodeManifest(r io.Reader) (*Config, error) {
	data, err := strictjson.Read(r, maxManifest)
	if err != nil {
		return nil, fmt.Errorf("manifest of a detached zone: %w", err)
	}
	c := new(Config)
	if err := strictjson.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("manifest of a detached zone: %w", err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("manifest of a detached zone: %w", err)
	}
	return c, nil
}

// Attach takes up files at a configured zone's zonepath; the zone is installed
// then. With force their origin is not looked at.
func (h *Host) Attach(ctx context.Context, name string, force bool) error {
	ctx, release, err := h.Hold(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	c, err := h.installable("attach", name)
	if err != nil {
		return err
	}
	at, err := h.homeOf(ctx, c)
	if err != nil {
		return err
	}
	if err := h.attachable(c, force); err != nil {
		return &OpError{"attach", name, err}
	}
	h.reach("attach: furnish")
	if err := furnish(at); err != nil {
		return &OpError{"attach", name, err}
	}
	if err := h.finish(ctx, name, Installed, at.identify); err != nil {
		return err
	}
	err = os.Remove(filepath.Join(at.path, detachedFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (h *Host) attachable(c *Config, force bool) error {
	root := filepath.Join(h.root.Join(c.Path), "root")
	info, err := os.Lstat(root)
	if err != nil {
		return fmt.Errorf("%s: %w", h.root.Display(root), errors.Unwrap(err))
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", h.root.Display(root))
	}
	if force {
		return nil
	}
	was, err := h.ReadDetached(c.Path)
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%s holds no detached zone; -F attaches it all the same", c.Path)
	}
	if err != nil {
		return err
	}
	return sameSoftware(c, was)
}

func sameSoftware(c, was *Config) error {
	if was.Brand != c.Brand {
		return fmt.Errorf("brand %s differs from brand %s of the detached zone", c.Brand, was.Brand)
	}
	return nil
}

// CheckManifest reports whether a zone could be attached to files with this
// manifest (of DetachManifest).
func (h *Host) CheckManifest(name string, manifest io.Reader) error {
	c, err := h.Load(name)
	if err != nil {
		return err
	}
	was, err := decodeManifest(manifest)
	if err != nil {
		return err
	}
	return sameSoftware(c, was)
}
