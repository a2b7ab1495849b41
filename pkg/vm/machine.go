package vm

import (
	"context"
	"os"
	"syscall"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// Machine is one machine as it was when it was read. What needs more than the
// zone's configuration and state is read when it is asked for.
type Machine struct {
	zone.Status
	h     *Host
	ctx   context.Context // of the command that reads it
	brand Brand           // nil when zonecfg was given one that vmadm does not know
	doing string          // what a live command does to it: create, ...

	all  *datasets // of a list
	meta *metadata
	data *dataset
	flat map[string]flat
}

func (h *Host) machine(ctx context.Context, s zone.Status) *Machine {
	b, _ := BrandOf(s.Config.Brand)
	return &Machine{Status: s, h: h, ctx: ctx, brand: b}
}

// UUID is the machine's name in vmadm.
func (m *Machine) UUID() string {
	if m.Config.UUID != "" {
		return m.Config.UUID
	}
	return m.Config.Name
}

// Value is a property, nil when the machine has none. Lists and objects are
// []string, []Object, flat and []Snapshot.
func (m *Machine) Value(name string) (any, error) {
	if v, ok := m.derived(name); ok {
		return v, nil
	}
	switch name {
	case "customer_metadata", "internal_metadata":
		return m.metadata(name)
	case "tags", "routes":
		return m.flats(name)
	case "quota", "zfs_root_recsize", "zfs_root_compression", "indestructible_zoneroot", "snapshots":
		return m.ofDataset(name)
	case "nics":
		return m.nics(), nil
	case "filesystems":
		return filesystemsOf(m.Config), nil
	case "server_uuid":
		return serverUUID()
	case "platform_buildstamp":
		return Buildstamp(), nil
	case "last_modified":
		return m.lastModified()
	}
	if home, ok := homes()[name]; ok {
		if v := home.get(m.Config); v != nil {
			return v, nil
		}
	}
	return fallbackValue(name), nil
}

// fallbackValue is what a zone shows for a property that zonecfg, who made it,
// has not set.
func fallbackValue(name string) any {
	switch name {
	case "owner_uuid", "billing_id":
		return zeroUUID
	case "firewall_enabled":
		return false
	case "resolvers":
		return []string{}
	case "v":
		return formatV
	}
	return nil
}

// derived are the properties that follow from the zone's state and brand.
func (m *Machine) derived(name string) (any, bool) {
	switch name {
	case "state":
		return m.StateName(), true
	case "zone_state":
		return string(m.Status.State), true
	case "type":
		return m.Type(), true
	case "hvm":
		return m.brand != nil && m.brand.HVM(), true
	case "zonedid":
		return int64(m.Config.DID), true
	case "zfs_filesystem":
		return datasetOf(m.Config), true
	case "uuid":
		return m.UUID(), true
	case "ram":
		if m.brand == nil || !m.brand.HVM() {
			return homes()["max_physical_memory"].get(m.Config), true
		}
	case "pid", "zoneid", "boot_timestamp", "init_restarts":
		return m.running(name), true
	case "exit_status", "exit_timestamp":
		return m.ended(name), true
	}
	return nil, false
}

// Type is OS, LX, KVM or BHYV; of foreign brands their first four letters.
func (m *Machine) Type() string {
	if m.brand != nil {
		return m.brand.Type()
	}
	b := m.Config.Brand
	return b[:min(4, len(b))]
}

// StateName is where the machine stands, in the words of vmadm.
func (m *Machine) StateName() string {
	if _, failed := attr(m.Config, "failed"); failed {
		return "failed"
	}
	if m.doing == opCreate || m.doing == opProvision {
		return "provisioning"
	}
	if m.Status.State == zone.Installed {
		return "stopped"
	}
	return string(m.Status.State)
}

func (m *Machine) running(name string) any {
	if !m.up() {
		return nil
	}
	switch name {
	case "pid":
		return int64(m.Run.Init.Pid)
	case "zoneid":
		return int64(m.Run.ID)
	case "boot_timestamp":
		return stamp(m.Run.Booted)
	}
	return int64(m.Run.Restarts)
}

func (m *Machine) ended(name string) any {
	if m.LastEnd == nil || m.up() {
		return nil
	}
	if name == "exit_timestamp" {
		return stamp(m.LastEnd.Time)
	}
	return exitStatus(syscall.WaitStatus(m.LastEnd.Status))
}

// exitStatus is how init ended: its own status, 128 and the signal's number, or
// 0 when it halted or rebooted the zone, which the kernel reports as signals.
func exitStatus(status syscall.WaitStatus) int64 {
	switch {
	case !status.Signaled():
		return int64(status.ExitStatus())
	case status.Signal() == syscall.SIGINT || status.Signal() == syscall.SIGHUP:
		return 0
	}
	return int64(128 + status.Signal())
}

// up reports whether the machine has an init.
func (m *Machine) up() bool {
	return m.Run != nil && m.Run.Init.Pid != 0 && (m.Run.State == zone.Running || m.Run.State == zone.ShuttingDown)
}

func (m *Machine) metadata(name string) (any, error) {
	if m.meta == nil {
		if err := m.h.mounted(m.ctx, m.Config); err != nil {
			return nil, m.unreadable(err)
		}
		meta, err := m.h.readMetadata(m.Config)
		if err != nil {
			return nil, err
		}
		m.meta = &meta
	}
	if name == "customer_metadata" {
		return m.meta.Customer, nil
	}
	return m.meta.Internal, nil
}

func (m *Machine) flats(name string) (any, error) {
	if f, ok := m.flat[name]; ok {
		return f, nil
	}
	if err := m.h.mounted(m.ctx, m.Config); err != nil {
		return flat{}, m.unreadable(err)
	}
	f, err := m.h.readFlat(m.Config, name+".json")
	if err != nil {
		return nil, err
	}
	if m.flat == nil {
		m.flat = make(map[string]flat)
	}
	m.flat[name] = f
	return f, nil
}

// unreadable lets a zone that has no dataset (yet, or any more) have none of
// what lies in it.
func (m *Machine) unreadable(err error) error {
	if m.Config.State != zone.Installed || m.doing != "" {
		return nil
	}
	return err
}

func (m *Machine) ofDataset(name string) (any, error) {
	if m.data == nil {
		d, err := m.readDataset()
		if err != nil {
			return nil, m.unreadable(err)
		}
		m.data = d
	}
	switch name {
	case "indestructible_zoneroot":
		return m.data.guarded, nil
	case "snapshots":
		if m.data.snapshots == nil {
			return []Snapshot{}, nil
		}
		return m.data.snapshots, nil
	}
	return m.data.values[name], nil
}

func (m *Machine) readDataset() (*dataset, error) {
	if m.all != nil {
		return m.all.of(m.ctx, m.Config)
	}
	return m.h.readDataset(m.ctx, m.Config)
}

func (m *Machine) nics() []Object {
	list := make([]Object, len(m.Config.Net))
	for i, n := range nicsOf(m.Config) {
		list[i] = n.object()
	}
	return list
}

func (m *Machine) lastModified() (any, error) {
	info, err := os.Stat(m.h.configFile(m.Config.Name))
	if err != nil {
		return nil, err
	}
	return stamp(info.ModTime().Truncate(time.Second)), nil
}
