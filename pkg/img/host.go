// Package img keeps images: their sources, what is installed, import from
// IMGAPI servers and files, deletion. It uses pkg/zpool for datasets and knows
// nothing of machines, zones or command lines.
package img

import (
	"context"
	"errors"
	"log/slog"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// ErrNotInstalled says that no image of that uuid is on the pool.
var ErrNotInstalled = errors.New("image is not installed")

// Image is one installed image.
type Image struct {
	Manifest *manifest.Manifest
	Pool     string
	Source   string // URL, empty when installed from files
	Clones   int    // datasets whose origin is a snapshot of it
}

// Snapshot is what machines are cloned from: zones/UUID@final.
func (i *Image) Snapshot() string { return i.Pool + "/" + i.Manifest.UUID + "@final" }

// Host is all images of one root.
type Host struct {
	root  paths.Root
	log   *slog.Logger
	pools *zpool.Host
}

// New returns the images of root. It touches nothing.
func New(root paths.Root, log *slog.Logger) *Host {
	return &Host{root: root, log: log, pools: zpool.New(root, log)}
}

// Installed reads one installed image; an empty pool is zones.
func (h *Host) Installed(ctx context.Context, uuid, pool string) (*Image, error) {
	return nil, errors.ErrUnsupported
}
