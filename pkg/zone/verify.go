package zone

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Verify reports whether a zone could be installed or booted on this host: all
// that is wrong, joined, and warnings of what will have no effect or could not
// be looked at.
func (h *Host) Verify(ctx context.Context, name string) (warnings []string, err error) {
	s, err := h.Status(name)
	if err != nil {
		return nil, err
	}
	if s.State == Incomplete {
		return nil, &StateError{"verify", name, s.State}
	}
	c := s.Config
	warnings, err = h.checkPath("verify", c, c.Path)
	errs := []error{err}
	for _, fs := range c.FS {
		errs = append(errs, h.checkFS(fs))
	}
	for _, nic := range c.Net {
		errs = append(errs, h.checkNet(nic))
	}
	for _, dataset := range c.Datasets {
		errs = append(errs, h.checkDataset(ctx, dataset))
	}
	_, err = c.DeviceNodes()
	errs = append(errs, err, c.Bootable())
	return append(warnings, noEffect(c)...), errors.Join(errs...)
}

// Bootable refuses what no zone can have on Linux. A zone in the host's network
// would reach all that the host can, and nothing would hold it to its address.
func (c *Config) Bootable() error {
	if c.IPType == Shared {
		return fmt.Errorf("zone %s: ip-type=%s is not supported on this host, a zone has network links of its own: set ip-type=%s",
			c.Name, Shared, Exclusive)
	}
	if len(c.Datasets) > 0 {
		return fmt.Errorf("zone %s: dataset %s: delegated datasets are not supported on this host, no zfs runs in a zone; "+
			"an fs resource of type lofs shows its files there", c.Name, c.Datasets[0])
	}
	return nil
}

// neverTypes are file systems that no zone may mount.
var neverTypes = []string{"proc", "mntfs", "autofs", "nfs", "nfs3", "nfs4", "cifs"}

func (h *Host) checkFS(fs FS) error {
	switch {
	case slices.Contains(neverTypes, fs.Type):
		return fmt.Errorf("cannot verify fs %s: type %s is not allowed", fs.Dir, fs.Type)
	case fs.Raw != "":
		return fmt.Errorf("cannot verify fs %s: 'raw' device specified but no fsck executable exists for %s", fs.Dir, fs.Type)
	case fs.Type == "tmpfs" || fs.Type == "zfs":
		return nil
	}
	if _, err := os.Stat(h.root.Join(fs.Special)); err != nil {
		return fmt.Errorf("could not verify fs %s: could not access %s: %w", fs.Dir, fs.Special, cause(err))
	}
	return nil
}

// cause drops the operation and path that an error of package os repeats.
func cause(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}

func (h *Host) checkNet(nic Net) error {
	over := nic.GlobalNIC
	if over == "" {
		return nil
	}
	known, err := h.links.TagExists(over)
	if err != nil {
		return fmt.Errorf("could not verify net physical=%s global-nic=%s: %w", nic.Physical, over, err)
	}
	if !known {
		return fmt.Errorf("could not verify net physical=%s global-nic=%s: no nic tag, etherstub or link of that name",
			nic.Physical, over)
	}
	return nil
}

func (h *Host) checkDataset(ctx context.Context, name string) error {
	_, err := h.pools.Get(ctx, name)
	if errors.Is(err, zpool.ErrNotFound) || errors.Is(err, zpool.ErrNoPool) {
		return fmt.Errorf("cannot verify zfs dataset %s: %w", name, zpool.ErrNotFound)
	}
	return err
}

// noEffect names what the configuration asks for and Linux has no answer to.
func noEffect(c *Config) []string {
	var w []string
	for _, p := range [][2]string{{"pool", c.Pool}, {"scheduling-class", c.SchedCls}} {
		if p[1] != "" {
			w = append(w, fmt.Sprintf("%s '%s' has no effect on this host", p[0], p[1]))
		}
	}
	if c.Security != nil {
		w = append(w, "security-flags have no effect on this host")
	}
	if len(c.Admins) > 0 {
		w = append(w, "admin has no effect on this host")
	}
	for _, d := range c.Devices {
		for _, p := range slices.Sorted(maps.Keys(d.Props)) {
			w = append(w, fmt.Sprintf("device match=%s: property %s has no effect on this host", d.Match, p))
		}
	}
	for _, r := range c.Rctls {
		if !KnownRctl(r.Name) {
			w = append(w, fmt.Sprintf("ignoring unrecognized rctl '%s'", r.Name))
		}
	}
	return w
}

// rctls are the resource controls that have an effect here.
var rctls = []string{
	"zone.cpu-cap", "zone.cpu-shares", "zone.max-locked-memory", "zone.max-lwps", "zone.max-msg-ids",
	"zone.max-physical-memory", "zone.max-processes", "zone.max-sem-ids", "zone.max-shm-ids", "zone.max-shm-memory",
	"zone.max-swap", "zone.zfs-io-priority",
}

// KnownRctl reports whether a resource control of that name has an effect.
func KnownRctl(name string) bool { return slices.Contains(rctls, name) }

// overlap looks for an installed zone whose zonepath holds another or lies in
// it.
func (h *Host) overlap(c *Config, zonepath string) error {
	zones, err := h.List()
	for _, z := range zones {
		if z.Name == c.Name || z.State == Configured {
			continue
		}
		if within(z.Config.Path, zonepath) || within(zonepath, z.Config.Path) {
			return fmt.Errorf("%s zonepath (%s) and %s zonepath (%s) overlap", c.Name, zonepath, z.Name, z.Config.Path)
		}
	}
	if _, damaged := errors.AsType[*DamagedError](err); damaged {
		return nil // its zonepath cannot be known
	}
	return err
}

// above is the directory that holds a zonepath.
func above(zonepath string) string { return path.Dir(zonepath) }
