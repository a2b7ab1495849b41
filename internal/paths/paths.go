// Package paths names every place on the host that smartbox owns, below one
// movable root. It never creates or opens anything.
package paths

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
)

// Root is the directory below which all of smartbox's paths lie; the zero
// value is the host's own root. It comes from SMARTBOX_ROOT.
type Root string

// Join returns the absolute path of elem below the root.
func (r Root) Join(elem ...string) string {
	return filepath.Join(append([]string{"/", string(r)}, elem...)...)
}

// IsHost reports whether the root is the host's own.
func (r Root) IsHost() bool { return r.Join() == "/" }

// ID is empty for the host's root, else eight hex digits that tell this root
// from others. Kernel-wide names (cgroups, links, nftables tables) carry it, so
// that two roots on one host never collide.
func (r Root) ID() string {
	if r.IsHost() {
		return ""
	}
	sum := sha256.Sum256([]byte(r.Join()))
	return hex.EncodeToString(sum[:4])
}

// KernelName is base for the host's root and base-ID for others.
func (r Root) KernelName(base string) string {
	if id := r.ID(); id != "" {
		return base + "-" + id
	}
	return base
}

// Pool is where the dataset of that name is mounted by default: "zones/a" is
// found at /zones/a.
func (r Root) Pool(dataset string) string { return r.Join(dataset) }

// Display strips the root from a path, so that users see the names they know.
func (r Root) Display(path string) string {
	if r.IsHost() {
		return path
	}
	if rest, ok := strings.CutPrefix(path, r.Join()); ok && (rest == "" || rest[0] == '/') {
		return "/" + strings.TrimPrefix(rest, "/")
	}
	return path
}

// Zones holds zone configurations (the zones/config dataset is mounted here).
func (r Root) Zones() string { return r.Join("etc/zones") }

// Dladm holds persistent link configuration.
func (r Root) Dladm() string { return r.Join("etc/dladm") }

// Usbkey holds the node's own configuration, nic tags among it.
func (r Root) Usbkey() string { return r.Join("usbkey") }

// Imgadm holds the image database and the list of sources.
func (r Root) Imgadm() string { return r.Join("var/imgadm") }

// Lib holds state that outlives a reboot of the host: the cache of pools.
func (r Root) Lib() string { return r.Join("var/lib/smartbox") }

// Run holds state that a reboot of the host voids. With a movable root it may
// lie on a disk, so what is written here carries the boot id.
func (r Root) Run() string { return r.Join("run/smartbox") }

// Log holds the tools' and the zones' logs.
func (r Root) Log() string { return r.Join("var/log/smartbox") }
