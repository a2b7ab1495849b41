package vm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/vnic"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Host is all machines of one root.
type Host struct {
	root   paths.Root
	log    *slog.Logger
	zones  *zone.Host
	pools  *zpool.Host
	images *img.Host
	links  *vnic.Host

	// Warn is told of what a command did otherwise than asked, or could not do
	// in full; nil drops it.
	Warn func(format string, args ...any)
	// Now is the clock.
	Now func() time.Time
}

// New returns the machines of root. It touches nothing.
func New(root paths.Root, log *slog.Logger) *Host {
	return &Host{
		root: root, log: log,
		zones: zone.New(root, log), pools: zpool.New(root, log),
		images: img.New(root, log), links: vnic.New(root, log),
		Now: time.Now,
	}
}

func (h *Host) warn(format string, args ...any) {
	if h.Warn != nil {
		h.Warn(format, args...)
	}
}

// NotFoundError says that there is no machine of a uuid, in the words that
// scripts know.
type NotFoundError struct{ UUID string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("zoneadm: %s: No such zone configured", e.UUID)
}

// Is makes it a zone.ErrNotFound.
func (e *NotFoundError) Is(target error) bool { return target == zone.ErrNotFound }

// StateError says that a verb does not fit the state a machine is in.
type StateError struct {
	Text  string
	State string
}

func (e *StateError) Error() string { return e.Text }

// Site is the host as Validate asks about it.
func (h *Host) Site(ctx context.Context) Site { return site{ctx, h} }

type site struct {
	ctx context.Context
	h   *Host
}

// HasPool reports whether a pool of that name is imported.
func (s site) HasPool(name string) (bool, error) {
	_, err := s.h.pools.Get(s.ctx, name, "name")
	if errors.Is(err, zpool.ErrNoPool) || errors.Is(err, zpool.ErrNotFound) || errors.Is(err, zpool.ErrBadName) {
		return false, nil
	}
	return err == nil, err
}

// HasImage reports whether an image is installed on a pool.
func (s site) HasImage(uuid, pool string) (bool, error) {
	_, err := s.h.images.Installed(s.ctx, uuid, pool)
	if errors.Is(err, img.ErrNotInstalled) || errors.Is(err, zpool.ErrNoPool) {
		return false, nil
	}
	return err == nil, err
}

// path is where a zone's files are on this host.
func (h *Host) path(c *zone.Config) string { return h.root.Join(c.Path) }

// mounted makes sure that a machine's dataset is there, importing its pool
// after a reboot of the host.
func (h *Host) mounted(ctx context.Context, c *zone.Config) error {
	if _, err := os.Stat(h.configDir(c)); err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return h.pools.Mount(ctx, datasetOf(c))
}
