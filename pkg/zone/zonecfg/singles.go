package zonecfg

import "github.com/smartbox-os/smartbox/pkg/zone"

// The types of which a zone has at most one.

func cpuType() resource {
	return resource{
		name: "dedicated-cpu", single: true,
		props: []prop{
			{name: "ncpus", required: true, check: cpuRange},
			{name: "importance", omit: true, check: number("importance")},
		},
		load: func(c *zone.Config) []record {
			if c.CPU == nil {
				return nil
			}
			return []record{{props: map[string]string{"ncpus": c.CPU.NCPUs, "importance": c.CPU.Importance}}}
		},
		store: func(c *zone.Config, rs []record) {
			c.CPU = nil
			for _, r := range rs {
				c.CPU = &zone.CPUSet{NCPUs: r.props["ncpus"], Importance: r.props["importance"]}
			}
		},
	}
}

func flagsType() resource {
	return resource{
		name: "security-flags", single: true,
		props: []prop{
			{name: "default", check: securityFlags("default")},
			{name: "lower", check: securityFlags("lower")},
			{name: "upper", check: securityFlags("upper")},
		},
		load: func(c *zone.Config) []record {
			if c.Security == nil {
				return nil
			}
			return []record{{props: map[string]string{
				"default": c.Security.Default, "lower": c.Security.Lower, "upper": c.Security.Upper,
			}}}
		},
		store: func(c *zone.Config, rs []record) {
			c.Security = nil
			for _, r := range rs {
				c.Security = &zone.Flags{Default: r.props["default"], Lower: r.props["lower"], Upper: r.props["upper"]}
			}
		},
	}
}

func capType() resource {
	return resource{
		name: "capped-cpu", single: true, alias: true,
		props: []prop{{name: "ncpus", required: true, bracket: true, check: cpuCap}},
		load:  func(c *zone.Config) []record { return loadAliases(c, "ncpus") },
		store: func(c *zone.Config, rs []record) { storeAliases(c, rs, "ncpus") },
	}
}

func memoryType() resource {
	names := []string{"physical", "swap", "locked"}
	return resource{
		name: "capped-memory", single: true, alias: true, end: memoryFits,
		props: []prop{
			{name: "physical", bracket: true, omit: true, check: memoryCap("physical")},
			{name: "swap", bracket: true, omit: true, check: memoryCap("swap")},
			{name: "locked", bracket: true, omit: true, check: memoryCap("locked")},
		},
		load:  func(c *zone.Config) []record { return loadAliases(c, names...) },
		store: func(c *zone.Config, rs []record) { storeAliases(c, rs, names...) },
	}
}

// loadAliases makes a record of the rctls that are there and of an alias's
// form; its values are exact.
func loadAliases(c *zone.Config, names ...string) []record {
	r := record{props: map[string]string{}}
	for _, name := range names {
		a, _ := aliasOf(name)
		if n, err := a.get(c); err == nil {
			r.props[name] = exactly(a, n)
		}
	}
	if len(r.props) == 0 {
		return nil
	}
	return []record{r}
}

// storeAliases writes a record's values, and removes the rctls of those that
// it has no more. Rctls that are not of an alias's form were never shown, so
// they stay.
func storeAliases(c *zone.Config, rs []record, names ...string) {
	for _, name := range names {
		a, _ := aliasOf(name)
		if n, err := a.get(c); err == nil && len(rs) > 0 && rs[0].props[name] == exactly(a, n) {
			continue
		}
		if len(rs) == 0 || rs[0].props[name] == "" {
			if err := a.clear(c); err != nil {
				continue // nothing of this form is there
			}
			continue
		}
		if err := a.set(c, readExactly(a, rs[0].props[name])); err != nil {
			continue // checked when the property was set
		}
	}
}
