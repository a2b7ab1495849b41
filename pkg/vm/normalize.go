package vm

import (
	"time"
)

const (
	zeroUUID    = "00000000-0000-0000-0000-000000000000"
	defaultPool = "zones"
	formatV     = int64(1) // property v
)

// complete fills in the defaults of a settled create payload.
func (p Payload) complete(b Brand, now time.Time, newUUID func() string) {
	p.rename("dataset_uuid", "image_uuid")
	p.rename("zfs_storage_pool_name", "zpool")
	p.fallback("uuid", newUUID())
	p.fallback("zonename", p["uuid"])
	p["brand"] = b.Name()
	p["v"] = formatV
	p["create_timestamp"] = stamp(now)
	for name, value := range map[string]any{
		"autoboot": true, "zpool": defaultPool,
		"owner_uuid": zeroUUID, "billing_id": zeroUUID,
		"cpu_shares": int64(100), "zfs_io_priority": int64(100), "max_lwps": int64(2000),
		"max_msg_ids": int64(4096), "max_sem_ids": int64(4096), "max_shm_ids": int64(4096),
		"limit_priv": []string{"default"}, "resolvers": []string{}, "quota": int64(10),
		"ram": int64(256), "firewall_enabled": false,
		"customer_metadata": map[string]any{}, "internal_metadata": map[string]any{},
		"tags": map[string]any{}, "routes": map[string]any{},
	} {
		p.fallback(name, value)
	}
	if !b.HVM() {
		p.fallback("dns_domain", "local")
	}
	if phys, ok := p.num("max_physical_memory"); ok && !b.HVM() {
		p["ram"] = phys
	}
	if p.truth("docker") {
		p.fallback("restart_init", false)
	}
	p.settleMemory(b, memory{})
	if phys, ok := p.num("max_physical_memory"); ok {
		p.fallback("max_shm_memory", phys)
	}
}

// rename moves an old property to its present name, unless that is there.
func (p Payload) rename(old, name string) {
	if value, ok := p[old]; ok {
		p.fallback(name, value)
		delete(p, old)
	}
}

// stamp is a time as machines show it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
