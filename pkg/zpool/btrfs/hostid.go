package btrfs

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// hostID tells hosts apart that may see the same disk: the name for people, and
// the machine's own id.
func hostID() string {
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	id, err := os.ReadFile("/etc/machine-id")
	if err != nil {
		return name
	}
	return name + "/" + strings.TrimSpace(string(id))
}

// checkHost refuses a pool that another host did not export.
func (p *pool) checkHost() error {
	other := p.store.pool.Host
	if other == "" || other == hostID() {
		return nil
	}
	name, _, _ := strings.Cut(other, "/")
	return dataset.As(dataset.ErrBusy, "pool was previously in use from another system.\nLast accessed by %s\n"+
		"The pool can be imported, use 'zpool import -f' to import the pool.", name)
}

// claim notes which host has the pool in use, none when it is exported.
func (p *pool) claim(host string) error {
	if p.store.pool.Host == host {
		return nil
	}
	h := p.store.pool
	h.Host = host
	return noSpace(p.commit(entry{Pool: &h}))
}

// altRootPath is the file that holds a pool's alternate root, for as long as
// the pool is in use.
func (b *Backend) altRootPath(name string) string { return b.topPath(name) + ".altroot" }

func (b *Backend) setAltRoot(name, dir string) error {
	if dir == "" {
		return ignoreMissing(os.Remove(b.altRootPath(name)))
	}
	if !filepath.IsAbs(dir) {
		return dataset.As(dataset.ErrProperty, "property 'altroot' is not valid: bad alternate root '%s'", dir)
	}
	return os.WriteFile(b.altRootPath(name), []byte(filepath.Clean(dir)), 0o600)
}

func (b *Backend) altRoot(name string) string {
	dir, err := os.ReadFile(b.altRootPath(name))
	if err != nil {
		return "" // most pools have none
	}
	return string(dir)
}

// cachedDevices are the devices that a cache file lists, to look for pools on.
func cachedDevices(path string) ([]string, error) {
	c, err := readCacheFile(path)
	if err != nil {
		return nil, err
	}
	var devices []string
	for _, p := range c.Pools {
		devices = append(devices, p.Devices...)
	}
	return devices, nil
}

// placesOf is where an import looks.
func placesOf(o dataset.ImportOptions) ([]string, error) {
	if o.Cache == "" {
		return o.Dirs, nil
	}
	devices, err := cachedDevices(o.Cache)
	return append(devices, o.Dirs...), err
}
