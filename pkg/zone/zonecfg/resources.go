package zonecfg

import (
	"strconv"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// resources are all types, in the order in which info shows them.
func resources() []resource {
	return []resource{
		fsType(), netType(), deviceType(), cpuType(), capType(), memoryType(), attrType(), datasetType(),
		adminType(), rctlType(), flagsType(),
	}
}

// exportOrder is the order of export; aliases are exported as rctls.
var exportOrder = []string{"fs", "net", "device", "rctl", "attr", "dataset", "dedicated-cpu", "admin", "security-flags"}

func fsType() resource {
	return resource{
		name: "fs", article: "A", keys: []string{"dir"},
		props: []prop{
			{name: "dir", required: true, check: absolute("dir")},
			{name: "special", required: true},
			{name: "raw", check: absolute("raw")},
			{name: "type", required: true, check: fsKind},
			{name: "options", list: true, item: Simple, take: unique},
		},
		load: func(c *zone.Config) []record {
			return collect(c.FS, func(f zone.FS) record {
				r := record{props: map[string]string{"dir": f.Dir, "special": f.Special, "raw": f.Raw, "type": f.Type}}
				for _, o := range f.Options {
					r.items = append(r.items, Value{Text: o})
				}
				return r
			})
		},
		store: func(c *zone.Config, rs []record) {
			c.FS = spread(rs, func(r record) zone.FS {
				f := zone.FS{Dir: r.props["dir"], Special: r.props["special"], Raw: r.props["raw"], Type: r.props["type"]}
				for _, o := range r.items {
					f.Options = append(f.Options, o.Text)
				}
				return f
			})
		},
	}
}

func netType() resource {
	return resource{
		name: "net", article: "A", keys: []string{"physical", "address", "allowed-address"},
		props: []prop{
			{name: "address", fixed: true, check: netAddress},
			{name: "allowed-address", check: netAddress},
			{name: "defrouter", check: routerAddress},
			{name: "global-nic"},
			{name: "mac-addr", check: macAddress},
			{name: "physical", required: true, check: linkName},
			{name: "vlan-id", check: vlanID},
			{name: "property", list: true, item: Complex, take: nameValue},
		},
		export: []string{"address", "allowed-address", "physical", "mac-addr", "vlan-id", "global-nic", "defrouter", "property"},
		load: func(c *zone.Config) []record {
			return collect(c.Net, func(n zone.Net) record {
				r := record{
					props: map[string]string{
						"address": n.Address, "allowed-address": n.AllowedAddress,
						"defrouter": n.DefRouter, "global-nic": n.GlobalNIC, "mac-addr": n.MAC, "physical": n.Physical,
					},
					items: named(n.Props),
				}
				if n.VLAN != 0 {
					r.props["vlan-id"] = strconv.Itoa(n.VLAN)
				}
				return r
			})
		},
		store: func(c *zone.Config, rs []record) {
			c.Net = spread(rs, func(r record) zone.Net {
				vlan, _ := strconv.Atoi(r.props["vlan-id"]) // checked by vlanID; empty is none
				return zone.Net{
					Physical: r.props["physical"], Address: r.props["address"],
					AllowedAddress: r.props["allowed-address"], DefRouter: r.props["defrouter"],
					GlobalNIC: r.props["global-nic"], MAC: r.props["mac-addr"], VLAN: vlan, Props: mapOf(r.items),
				}
			})
		},
	}
}

func deviceType() resource {
	return resource{
		name: "device", article: "A", keys: []string{"match"},
		props: []prop{
			{name: "match", required: true},
			{name: "property", list: true, item: Complex, take: nameValue},
		},
		load: func(c *zone.Config) []record {
			return collect(c.Devices, func(d zone.Device) record {
				return record{map[string]string{"match": d.Match}, named(d.Props)}
			})
		},
		store: func(c *zone.Config, rs []record) {
			c.Devices = spread(rs, func(r record) zone.Device {
				return zone.Device{Match: r.props["match"], Props: mapOf(r.items)}
			})
		},
	}
}

func attrType() resource {
	return resource{
		name: "attr", article: "An", keys: []string{"name"}, end: attrFits,
		props: []prop{
			{name: "name", required: true, check: attrName},
			{name: "type", required: true},
			{name: "value", required: true},
		},
		load: func(c *zone.Config) []record {
			return collect(c.Attrs, func(a zone.Attr) record {
				return record{props: map[string]string{"name": a.Name, "type": a.Type, "value": a.Value}}
			})
		},
		store: func(c *zone.Config, rs []record) {
			c.Attrs = spread(rs, func(r record) zone.Attr {
				return zone.Attr{Name: r.props["name"], Type: r.props["type"], Value: r.props["value"]}
			})
		},
	}
}

func datasetType() resource {
	return resource{
		name: "dataset", article: "A", keys: []string{"name"},
		props: []prop{{name: "name", required: true, check: datasetName}},
		load: func(c *zone.Config) []record {
			return collect(c.Datasets, func(name string) record { return record{props: map[string]string{"name": name}} })
		},
		store: func(c *zone.Config, rs []record) {
			c.Datasets = spread(rs, func(r record) string { return r.props["name"] })
		},
	}
}

func adminType() resource {
	return resource{
		name: "admin", article: "A", keys: []string{"user"},
		props: []prop{
			{name: "user", required: true},
			{name: "auths", required: true, check: authorizations},
		},
		load: func(c *zone.Config) []record {
			return collect(c.Admins, func(a zone.Admin) record {
				return record{props: map[string]string{"user": a.User, "auths": a.Auths}}
			})
		},
		store: func(c *zone.Config, rs []record) {
			c.Admins = spread(rs, func(r record) zone.Admin {
				return zone.Admin{User: r.props["user"], Auths: r.props["auths"]}
			})
		},
	}
}

func rctlType() resource {
	return resource{
		name: "rctl", article: "A", keys: []string{"name"},
		props: []prop{
			{name: "name", required: true, check: rctlName},
			{name: "value", required: true, list: true, item: Complex, take: rctlValue},
		},
		load: func(c *zone.Config) []record {
			return collect(c.Rctls, func(r zone.Rctl) record {
				out := record{props: map[string]string{"name": r.Name}}
				for _, v := range r.Values {
					out.items = append(out.items, Value{Kind: Complex, Pairs: []Pair{
						{"priv", v.Priv}, {"limit", v.Limit}, {"action", v.Action},
					}})
				}
				return out
			})
		},
		store: func(c *zone.Config, rs []record) {
			c.Rctls = spread(rs, func(r record) zone.Rctl {
				out := zone.Rctl{Name: r.props["name"]}
				for _, v := range r.items {
					out.Values = append(out.Values, zone.RctlValue{Priv: v.pair("priv"), Limit: v.pair("limit"), Action: v.pair("action")})
				}
				return out
			})
		},
	}
}
