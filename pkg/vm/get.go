package vm

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// getOrder is what get shows, in order. Properties that a machine has not are
// left out.
var getOrder = []string{
	"zonename", "uuid", "autoboot", "brand", "limit_priv", "v", "create_timestamp", "image_uuid",
	"cpu_shares", "cpu_cap", "max_lwps", "max_msg_ids", "max_sem_ids", "max_shm_ids", "max_shm_memory",
	"zfs_io_priority", "max_physical_memory", "max_locked_memory", "max_swap", "tmpfs",
	"alias", "hostname", "dns_domain", "billing_id", "owner_uuid", "package_name", "package_version",
	"kernel_version", "init_name", "restart_init", "docker", "do_not_inventory", "archive_on_delete",
	"maintain_resolvers", "indestructible_zoneroot", "fs_allowed", "zlog_max_size",
	"internal_metadata_namespaces", "filesystems", "zone_state", "zonepath", "hvm", "zoneid", "zonedid",
	"pid", "boot_timestamp", "init_restarts", "exit_status", "exit_timestamp", "last_modified",
	"resolvers", "firewall_enabled", "server_uuid", "platform_buildstamp", "state", "failed",
	"customer_metadata", "internal_metadata", "routes", "tags", "nics",
	"quota", "zfs_root_recsize", "zfs_root_compression", "zfs_filesystem_limit", "zfs_snapshot_limit",
	"zfs_filesystem", "zpool", "snapshots",
}

// Get reads the machine of a uuid.
func (h *Host) Get(ctx context.Context, uuid string) (*Machine, error) {
	if err := h.mendAll(ctx); err != nil {
		return nil, err
	}
	s, err := h.find(uuid)
	if err != nil {
		return nil, err
	}
	m := h.machine(ctx, s)
	m.doing = h.doing(s.Name)
	return m, nil
}

// find looks for a uuid: the zone of that name, or else the one that has it.
func (h *Host) find(uuid string) (zone.Status, error) {
	s, err := h.zones.Status(uuid)
	if err == nil && (s.Config.UUID == uuid || s.Config.UUID == "") {
		return s, nil
	}
	if err != nil && !errors.Is(err, zone.ErrNotFound) {
		return s, err
	}
	all, err := h.zones.List()
	if i := slices.IndexFunc(all, func(s zone.Status) bool { return s.Config.UUID == uuid }); i >= 0 {
		return all[i], nil
	}
	if err != nil {
		h.log.Warn("list zones", "error", err)
	}
	return zone.Status{}, &NotFoundError{uuid}
}

// Object is all that get shows.
func (m *Machine) Object() (Object, error) { return m.Some(getOrder) }

// Full is what lookup -j shows: type and the ram of zones too.
func (m *Machine) Full() (Object, error) {
	o, err := m.Object()
	if err != nil {
		return nil, err
	}
	o = append(o, Member{"type", m.Type()})
	if o.Get("ram") == nil {
		if ram, _ := m.derived("ram"); ram != nil {
			o = append(o, Member{"ram", ram})
		}
	}
	return o, nil
}

// Some are the named properties that the machine has.
func (m *Machine) Some(names []string) (Object, error) {
	var o Object
	for _, name := range names {
		value, err := m.Value(name)
		if err != nil {
			return nil, err
		}
		if value = shown(name, value); value != nil {
			o = append(o, Member{name, value})
		}
	}
	return o, nil
}

// shown is the value as get has it: nil when it is left out.
func shown(name string, value any) any {
	row, ok := Lookup(name)
	if ok && (row.Hidden == "false" && value == false || row.Hidden == "true" && value == true) {
		return nil
	}
	if f, ok := value.(flat); ok {
		return ordered(f)
	}
	if list, ok := value.([]Object); ok && name == "filesystems" && len(list) == 0 {
		return nil
	}
	return value
}

func (h *Host) configFile(name string) string {
	return filepath.Join(h.root.Zones(), name+".json")
}
