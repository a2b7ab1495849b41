package zonecfg

import (
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// global is a property of the zone itself.
type global struct {
	name  string
	get   func(*zone.Config) string
	set   func(*zone.Config, string) error
	clear string // what clear sets; noClear: it cannot be cleared
	fixed bool   // not to be changed once the zone is installed
}

const noClear = "\x00"

// globals in the order of info and export; zonename is no line of export.
var globals = []global{
	{"zonename", func(c *zone.Config) string { return c.Name }, setName, noClear, true},
	{"zonepath", func(c *zone.Config) string { return c.Path }, setPath, noClear, true},
	{"brand", func(c *zone.Config) string { return c.Brand }, setBrand, noClear, true},
	{"autoboot", func(c *zone.Config) string { return strconv.FormatBool(c.Autoboot) }, setAutoboot, "false", false},
	text("bootargs", func(c *zone.Config) *string { return &c.Bootargs }, nil),
	text("pool", func(c *zone.Config) *string { return &c.Pool }, checkPool),
	text("limitpriv", func(c *zone.Config) *string { return &c.LimitPriv }, checkPrivileges),
	text("scheduling-class", func(c *zone.Config) *string { return &c.SchedCls }, nil),
	{"ip-type", func(c *zone.Config) string { return c.IPType }, setIPType, zone.Exclusive, false},
	text("hostid", func(c *zone.Config) *string { return &c.HostID }, checkHostID),
	text("fs-allowed", func(c *zone.Config) *string { return &c.FSAllowed }, checkFSAllowed),
	{"uuid", func(c *zone.Config) string { return c.UUID }, setUUID, noClear, false},
}

func globalOf(name string) (global, bool) {
	for _, g := range globals {
		if g.name == name {
			return g, true
		}
	}
	return global{}, false
}

// text is a property that is a plain member of the configuration.
func text(name string, member func(*zone.Config) *string, check func(*zone.Config, string) error) global {
	return global{
		name: name,
		get:  func(c *zone.Config) string { return *member(c) },
		set: func(c *zone.Config, v string) error {
			if check != nil && v != "" {
				if err := check(c, v); err != nil {
					return err
				}
			}
			*member(c) = v
			return nil
		},
	}
}

func setName(c *zone.Config, v string) error {
	if err := zone.CheckName(v); err != nil {
		return sayf("%s: Bogus zone name", v)
	}
	c.Name = v
	return nil
}

func setPath(c *zone.Config, v string) error {
	switch {
	case !strings.HasPrefix(v, "/"):
		return sayf("%s is not an absolute path.", v)
	case strings.Trim(v, "/") == "":
		return sayf("/ is not allowed as a zonepath.")
	case !zone.CleanPath(v):
		return sayf("%s is not a clean path: no '//', '.', '..' or '/' at its end.", v)
	}
	c.Path = v
	return nil
}

func setBrand(c *zone.Config, v string) error {
	if !zone.KnownBrand(v) {
		return sayf("%s: unknown brand; there are %s.", v, strings.Join(zone.Brands(), ", "))
	}
	c.Brand = v
	return nil
}

func setAutoboot(c *zone.Config, v string) error {
	if v != "true" && v != "false" {
		return sayf("autoboot value must be 'true' or 'false'.")
	}
	c.Autoboot = v == "true"
	return nil
}

func setIPType(c *zone.Config, v string) error {
	if v != zone.Shared && v != zone.Exclusive {
		return sayf("ip-type value must be 'shared' or 'exclusive'.")
	}
	c.IPType = v
	return nil
}

func setUUID(c *zone.Config, v string) error {
	if _, err := uuid.Parse(v); err != nil || len(v) != 36 {
		return sayf("%s is not a valid uuid.", v)
	}
	c.UUID = strings.ToLower(v)
	return nil
}

func checkPool(c *zone.Config, v string) error {
	if strings.HasPrefix(v, "SUNW") {
		return sayf("pool names starting with SUNW are reserved.")
	}
	if c.CPU != nil {
		return sayf("The dedicated-cpu resource already exists.  A persistent pool is incompatible\nwith the dedicated-cpu resource.")
	}
	return nil
}

func checkPrivileges(c *zone.Config, v string) error {
	for priv := range strings.SplitSeq(v, ",") {
		if !wordOf(strings.TrimPrefix(strings.TrimPrefix(priv, "!"), "-"), "_") {
			return sayf("%s: invalid privilege: %s", c.Name, priv)
		}
	}
	return nil
}

// checkHostID wants at most 32 bits in hexadecimal digits, not all set.
func checkHostID(c *zone.Config, v string) error {
	n, err := strconv.ParseUint(strings.TrimPrefix(v, "0x"), 16, 64)
	if err != nil {
		return sayf("%s: invalid hostid: %s", c.Name, v)
	}
	if n > 0xfffffffe {
		return sayf("hostid string is too large: %s", v)
	}
	return nil
}

func checkFSAllowed(c *zone.Config, v string) error {
	for fs := range strings.SplitSeq(v, ",") {
		if !wordOf(fs, "_-.") {
			return sayf("%s: invalid fs-allowed: %s", c.Name, v)
		}
	}
	return nil
}

// wordOf reports whether s is letters, digits and some of more, at least one.
func wordOf(s, more string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
		if !alnum && strings.IndexByte(more, c) < 0 {
			return false
		}
	}
	return s != ""
}
