package vm

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// This file says where each property of a machine is kept.
//
//	zone configuration, member    zonename zonepath uuid brand autoboot limit_priv fs_allowed zpool
//	zone configuration, attr      the names in attrNames, as SmartOS has them
//	zone configuration, rctl      the names in rctlNames, memory in bytes
//	zone configuration, net       nics (nicstore.go)
//	zone configuration, fs        filesystems (fsstore.go)
//	dataset, native properties    quota and the zfs_root_* properties (dataset.go)
//	dataset, snapshots            snapshots
//	ZONEPATH/config/*.json        customer_metadata internal_metadata tags routes (files.go)
//	the kernel                    state pid zoneid boot_timestamp exit_status ... (machine.go)
//
// The files lie inside the dataset, so that a rollback rolls them back too.

// home reads and writes one property in a zone's configuration. Values have the
// type of the table; nil is unset.
type home struct {
	get func(*zone.Config) any
	set func(*zone.Config, any)
}

// attrNames are the attrs of the zone that hold properties.
var attrNames = [][2]string{
	{"alias", "alias"},
	{"archive_on_delete", "archive-on-delete"},
	{"billing_id", "billing-id"},
	{"create_timestamp", "create-timestamp"},
	{"dns_domain", "dns-domain"},
	{"do_not_inventory", "do-not-inventory"},
	{"docker", "docker"},
	{"failed", "failed"},
	{"firewall_enabled", "firewall-enabled"},
	{"hostname", "hostname"},
	{"image_uuid", "dataset-uuid"},
	{"init_name", "init-name"},
	{"internal_metadata_namespaces", "internal-metadata-namespaces"},
	{"kernel_version", "kernel-version"},
	{"maintain_resolvers", "maintain-resolvers"},
	{"mdata_exec_timeout", "mdata-exec-timeout"},
	{"owner_uuid", "owner-uuid"},
	{"package_name", "package-name"},
	{"package_version", "package-version"},
	{"resolvers", "resolvers"},
	{"restart_init", "restart-init"},
	{"tmpfs", "tmpfs"},
	{"v", "vm-version"},
	{"zfs_data_compression", "zfs-data-compression"},
	{"zfs_data_recsize", "zfs-data-recsize"},
	{"zfs_filesystem_limit", "zfs-filesystem-limit"},
	{"zfs_snapshot_limit", "zfs-snapshot-limit"},
	{"zlog_max_size", "zlog-max-size"},
}

// rctlNames are the resource controls that hold properties. Scale turns the
// property's unit into the control's.
var rctlNames = []struct {
	property, rctl, action string
	scale                  int64
}{
	{"cpu_cap", "zone.cpu-cap", "deny", 1},
	{"cpu_shares", "zone.cpu-shares", "none", 1},
	{"max_locked_memory", "zone.max-locked-memory", "deny", 1 << 20},
	{"max_lwps", "zone.max-lwps", "deny", 1},
	{"max_msg_ids", "zone.max-msg-ids", "deny", 1},
	{"max_physical_memory", "zone.max-physical-memory", "deny", 1 << 20},
	{"max_sem_ids", "zone.max-sem-ids", "deny", 1},
	{"max_shm_ids", "zone.max-shm-ids", "deny", 1},
	{"max_shm_memory", "zone.max-shm-memory", "deny", 1 << 20},
	{"max_swap", "zone.max-swap", "deny", 1 << 20},
	{"zfs_io_priority", "zone.zfs-io-priority", "none", 1},
}

// homes is where the properties of the zone's configuration are.
var homes = sync.OnceValue(func() map[string]home {
	all := memberHomes()
	for _, names := range attrNames {
		row, _ := Lookup(names[0])
		all[names[0]] = attrHome(row, names[1])
	}
	for _, r := range rctlNames {
		all[r.property] = rctlHome(r.rctl, r.action, r.scale)
	}
	return all
})

func memberHomes() map[string]home {
	return map[string]home{
		"zonename": {
			func(c *zone.Config) any { return c.Name },
			func(c *zone.Config, v any) { c.Name, _ = v.(string) },
		},
		"uuid": {
			func(c *zone.Config) any { return c.UUID },
			func(c *zone.Config, v any) { c.UUID, _ = v.(string) },
		},
		"brand": {
			func(c *zone.Config) any { return c.Brand },
			func(c *zone.Config, v any) { c.Brand, _ = v.(string) },
		},
		"zonepath": {get: func(c *zone.Config) any { return c.Path }},
		"zpool":    {get: func(c *zone.Config) any { return poolOf(c) }},
		"autoboot": {
			func(c *zone.Config) any { return c.Autoboot },
			func(c *zone.Config, v any) { c.Autoboot, _ = v.(bool) },
		},
		"limit_priv": {
			func(c *zone.Config) any { return textOr(c.LimitPriv, "default") },
			func(c *zone.Config, v any) { c.LimitPriv = propText(v) },
		},
		"fs_allowed": {
			func(c *zone.Config) any { return textOr(c.FSAllowed, nil) },
			func(c *zone.Config, v any) { c.FSAllowed = propText(v) },
		},
	}
}

func textOr(text string, other any) any {
	if text == "" {
		return other
	}
	return text
}

// datasetOf names the dataset at a zone's path: /zones/U is zones/U.
func datasetOf(c *zone.Config) string { return strings.Trim(c.Path, "/") }

func poolOf(c *zone.Config) string {
	pool, _, _ := strings.Cut(datasetOf(c), "/")
	return pool
}

func attrHome(row *Property, name string) home {
	return home{
		get: func(c *zone.Config) any {
			text, ok := attr(c, name)
			if !ok {
				return nil
			}
			value, err := row.coerce(text)
			if err != nil {
				return nil // zonecfg lets people write what they like
			}
			return value
		},
		set: func(c *zone.Config, v any) { setAttr(c, name, row.Type, v) },
	}
}

func attr(c *zone.Config, name string) (string, bool) {
	for i := range c.Attrs {
		if c.Attrs[i].Name == name {
			return c.Attrs[i].Value, true
		}
	}
	return "", false
}

func setAttr(c *zone.Config, name string, t Type, value any) {
	i := slices.IndexFunc(c.Attrs, func(a zone.Attr) bool { return a.Name == name })
	text := ""
	if value != nil {
		text = propText(value)
	}
	if text == "" { // an empty list, too: zonecfg knows no attr without a value
		if i >= 0 {
			c.Attrs = slices.Delete(c.Attrs, i, i+1)
		}
		return
	}
	kind := "string"
	switch t {
	case Boolean:
		kind = "boolean"
	case Integer:
		kind = "int"
	}
	a := zone.Attr{Name: name, Type: kind, Value: text}
	if i >= 0 {
		c.Attrs[i] = a
	} else {
		c.Attrs = append(c.Attrs, a)
	}
}

func rctlHome(name, action string, scale int64) home {
	return home{
		get: func(c *zone.Config) any {
			for i := range c.Rctls {
				if c.Rctls[i].Name == name && len(c.Rctls[i].Values) > 0 {
					if n, err := strconv.ParseInt(c.Rctls[i].Values[0].Limit, 10, 64); err == nil {
						return n / scale
					}
				}
			}
			return nil
		},
		set: func(c *zone.Config, v any) {
			c.Rctls = slices.DeleteFunc(c.Rctls, func(r zone.Rctl) bool { return r.Name == name })
			if n, ok := v.(int64); ok {
				limit := strconv.FormatInt(n*scale, 10)
				c.Rctls = append(c.Rctls, zone.Rctl{Name: name, Values: []zone.RctlValue{
					{Priv: "privileged", Limit: limit, Action: action},
				}})
			}
		},
	}
}

// tidy puts a configuration in the one form that it is stored in: no limit
// where the limit is none, names in order.
func tidy(c *zone.Config) {
	c.Rctls = slices.DeleteFunc(c.Rctls, func(r zone.Rctl) bool {
		return r.Name == "zone.cpu-cap" && len(r.Values) == 1 && r.Values[0].Limit == "0"
	})
	slices.SortFunc(c.Attrs, func(a, b zone.Attr) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(c.Rctls, func(a, b zone.Rctl) int { return strings.Compare(a.Name, b.Name) })
}
