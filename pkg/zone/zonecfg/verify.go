package zonecfg

import (
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// verify says all that keeps a configuration from being committed. It looks at
// the configuration alone, not at this host.
func verify(c *zone.Config) []string {
	var all []string
	complain := func(err error) {
		if err != nil {
			all = append(all, err.Error())
		}
	}
	if c.Path == "" {
		complain(sayf("zonepath cannot be empty."))
	}
	types := resources()
	for i := range types {
		t := &types[i]
		for _, r := range t.load(c) {
			if err := complete(t, r); err != nil {
				complain(sayf("%s: %v", t.name, err))
			}
		}
	}
	for _, n := range c.Net {
		complain(netFits(c, n))
	}
	for _, r := range c.Rctls {
		complain(cpuFits(c, r))
	}
	return all
}

func netFits(c *zone.Config, n zone.Net) error {
	switch {
	case c.IPType == zone.Shared && n.Address == "":
		return sayf("net: address not specified")
	case c.IPType == zone.Shared && n.AllowedAddress != "":
		return sayf("net: allowed-address cannot be specified for a shared IP type")
	case c.IPType == zone.Exclusive && n.Address != "":
		return sayf("net: address cannot be specified for an exclusive IP type")
	case c.IPType == zone.Exclusive && n.DefRouter != "" && n.AllowedAddress == "":
		return sayf("net: defrouter for %s cannot be specified without allowed-address for an exclusive IP type", n.Physical)
	}
	return nil
}

func cpuFits(c *zone.Config, r zone.Rctl) error {
	switch {
	case r.Name == "zone.cpu-shares" && c.CPU != nil:
		return sayf("rctl zone.cpu-shares and dedicated-cpu are incompatible.")
	case r.Name == "zone.cpu-shares" && c.SchedCls != "" && c.SchedCls != "FSS":
		return sayf("WARNING: rctl zone.cpu-shares and scheduling-class=%s are incompatible", c.SchedCls)
	case r.Name == "zone.cpu-cap" && c.CPU != nil:
		return sayf("rctl zone.cpu-cap and the dedicated-cpu are incompatible.")
	}
	return nil
}
