// Package img keeps images: their sources, what is installed, import from
// IMGAPI servers and files, deletion. It uses pkg/zpool for datasets and knows
// nothing of machines, zones or command lines.
//
// An image is the dataset POOL/UUID with the one snapshot @final, which
// machines are cloned from; the files of a root archive lie below root/ in it.
// It is received as POOL/UUID-partial and renamed when it is whole, so the
// dataset's name alone says whether the image is installed. Records below
// /var/imgadm/images hold the manifests; a record without a dataset means
// nothing. Whoever makes or removes an image holds the lock of its uuid, and
// clears away what a killed predecessor left.
package img

import (
	"log/slog"
	"path"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// DefaultPool is where images go unless another pool is named.
const DefaultPool = zpool.SystemPool

const (
	finalSnapshot = "@final"
	partialSuffix = "-partial"
)

// Image is one installed image.
type Image struct {
	Manifest   *manifest.Manifest
	Pool       string
	Source     string   // URL, empty when installed from files
	Clones     int      // datasets whose origin is a snapshot of it; counted by List only
	CloneNames []string // their names
	Dir        string   // where its dataset is mounted on this host; the tree is in root/
}

// Dataset is the image's own dataset.
func (i *Image) Dataset() string { return i.Pool + "/" + i.Manifest.UUID }

// Snapshot is what machines are cloned from: zones/UUID@final.
func (i *Image) Snapshot() string { return i.Dataset() + finalSnapshot }

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

// mounted is where a dataset that was read with its mountpoint is mounted on
// this host, "" for nowhere.
func (h *Host) mounted(d zpool.Dataset) string {
	if at := d.Get("mountpoint"); path.IsAbs(at) {
		return h.root.Join(at)
	}
	return ""
}
