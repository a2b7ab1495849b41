package zone

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// IP types of a zone.
const (
	Exclusive = "exclusive"
	Shared    = "shared"
)

// check is what must hold of every stored configuration. Whether a zone could
// be installed or booted is Verify's question.
func (c *Config) check() error {
	if err := CheckName(c.Name); err != nil {
		return err
	}
	switch {
	case c.Path == "":
		return fmt.Errorf("zone %s: zonepath is missing", c.Name)
	case !CleanPath(c.Path) || c.Path == "/":
		return fmt.Errorf("zone %s: zonepath %q is not a clean absolute path", c.Name, c.Path)
	case c.Brand == "":
		return fmt.Errorf("zone %s: brand is missing", c.Name)
	case c.IPType != Exclusive && c.IPType != Shared:
		return fmt.Errorf("zone %s: ip-type %q is neither %s nor %s", c.Name, c.IPType, Exclusive, Shared)
	case c.State != Configured && c.State != Incomplete && c.State != Installed:
		return fmt.Errorf("zone %s: state %q cannot be stored", c.Name, c.State)
	}
	return nil
}

// CleanPath reports whether p is absolute and as short as it can be.
func CleanPath(p string) bool {
	return strings.HasPrefix(p, "/") && filepath.Clean(p) == p && !strings.ContainsRune(p, 0)
}

// Brands are the kinds of zone that can be made, by name.
func Brands() []string { return []string{"bhyve", "joyent", "joyent-minimal", "kvm", "lx"} }

// KnownBrand reports whether there is a brand of that name.
func KnownBrand(name string) bool { return slices.Contains(Brands(), name) }
