package vm

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// updateIgnores are the properties that get shows and nobody means to change
// when he gives them back.
var updateIgnores = []string{"brand", "hvm", "last_modified", "server_uuid", "uuid", "zonename"}

// Update changes a machine: all that the payload says or, when something is
// wrong, nothing. What can change in a running machine does at once, the rest
// with its next boot.
func (h *Host) Update(ctx context.Context, uuid string, p Payload) error {
	s, release, err := h.take(ctx, uuid)
	if err != nil {
		return err
	}
	defer release()
	b, known := BrandOf(s.Config.Brand)
	if !known {
		return worded("VM %s is of brand %q, which vmadm does not know", uuid, s.Config.Brand)
	}
	settled, err := h.judgeUpdate(ctx, p, b)
	if err != nil {
		return err
	}
	for {
		err := h.updateOnce(ctx, s.Name, settled, b)
		if !errors.Is(err, errChanged) {
			return err
		}
	}
}

// take finds a machine and holds it: the state that it returns is that under
// the lock.
func (h *Host) take(ctx context.Context, uuid string) (zone.Status, func(), error) {
	s, err := h.find(uuid)
	if err != nil {
		return s, nil, err
	}
	release, err := h.hold(ctx, s.Name)
	if err != nil {
		return s, nil, err
	}
	s, err = h.find(uuid)
	if err != nil {
		release()
		return s, nil, err
	}
	return s, release, nil
}

func (h *Host) judgeUpdate(ctx context.Context, p Payload, b Brand) (Payload, error) {
	p = maps.Clone(p)
	for _, name := range updateIgnores {
		delete(p, name)
	}
	bad, err := Validate(p, Update, b.Name(), h.Site(ctx))
	if err != nil {
		return nil, err
	}
	if bad != nil {
		if bad = bad.dropUnknown(); bad != nil {
			return nil, bad
		}
	}
	return h.settled(p, Update, b)
}

func (h *Host) updateOnce(ctx context.Context, name string, p Payload, b Brand) error {
	c, err := h.zones.Load(name)
	if err != nil {
		return err
	}
	if err := h.mounted(ctx, c); err != nil {
		return err
	}
	unlock, err := h.lockData(ctx, name)
	if err != nil {
		return err
	}
	defer unlock()
	next, err := h.plan(c, maps.Clone(p), b)
	if err != nil {
		return err
	}
	run := func() error { return h.journalled(ctx, name, next) }
	if changesNICs(p) {
		return h.addressing(ctx, func() error {
			if err := h.unique(next.After); err != nil {
				return err
			}
			return run()
		})
	}
	return run()
}

// journalled applies a plan with the journal that lets a later command finish
// it.
func (h *Host) journalled(ctx context.Context, name string, next *plan) error {
	j := &journal{Op: opUpdate, Zone: name, Plan: next}
	if err := h.begin(j); err != nil {
		return err
	}
	err := h.apply(ctx, name, next)
	err = errors.Join(err, h.end(j))
	h.touch(name)
	return err
}

func changesNICs(p Payload) bool {
	return slices.ContainsFunc([]string{"add_nics", "update_nics", "remove_nics"},
		func(name string) bool { _, ok := p[name]; return ok })
}

// plan decides what a settled payload changes in a machine.
func (h *Host) plan(c *zone.Config, p Payload, b Brand) (*plan, error) {
	next := &plan{Before: c, After: clone(c)}
	p.settleMemory(b, memoryOf(c))
	if p.truth("docker") {
		p.fallback("restart_init", false)
	}
	for name, value := range p {
		if home, ok := homes()[name]; ok && home.set != nil && (value != nil || clearable(name)) {
			home.set(next.After, value)
		}
	}
	tidy(next.After)
	if err := h.planNICs(next, p, b); err != nil {
		return nil, err
	}
	if err := planFilesystems(next, p); err != nil {
		return nil, err
	}
	if err := h.planFiles(next, p); err != nil {
		return nil, err
	}
	next.Dataset = p.datasetSettings()
	if guard, ok := p["indestructible_zoneroot"].(bool); ok {
		next.Guard = &guard
	}
	return next, nil
}

// clearable are the properties that null takes away; a null for the others,
// which a machine cannot be without, changes nothing.
func clearable(name string) bool {
	row, ok := Lookup(name)
	return ok && (row.Type == String || name == "cpu_cap" || name == "zlog_max_size")
}

// clone is a deep copy.
func clone(c *zone.Config) *zone.Config {
	data, err := json.Marshal(c)
	copied := new(zone.Config)
	if err == nil {
		err = json.Unmarshal(data, copied)
	}
	if err != nil {
		panic(err) // plain data, that was JSON a moment ago
	}
	return copied
}

func memoryOf(c *zone.Config) memory {
	get := func(name string) (int64, bool) {
		n, ok := homes()[name].get(c).(int64)
		return n, ok
	}
	var m memory
	m.phys, m.known = get("max_physical_memory")
	m.locked, _ = get("max_locked_memory")
	m.swap, _ = get("max_swap")
	m.tmpfs, m.hasTmpfs = get("tmpfs")
	return m
}

func planFilesystems(next *plan, p Payload) error {
	c := next.After
	for _, target := range p.list("remove_filesystems") {
		c.FS = slices.DeleteFunc(c.FS, func(f zone.FS) bool { return f.Dir == target })
	}
	for _, change := range p.objects("update_filesystems") {
		target, _ := change["target"].(string)
		i := slices.IndexFunc(c.FS, func(f zone.FS) bool { return f.Dir == target })
		if i < 0 {
			return worded("There is no existing filesystem with target %q", target)
		}
		merged := filesystem{
			"source": c.FS[i].Special, "target": c.FS[i].Dir, "type": c.FS[i].Type,
			"raw": c.FS[i].Raw, "options": c.FS[i].Options,
		}
		maps.Copy(merged, change)
		fs, err := merged.toFS()
		if err != nil {
			return err
		}
		c.FS[i] = fs
	}
	return addFilesystems(c, p.objects("add_filesystems"))
}

// planFiles decides what changes in the files of the dataset.
func (h *Host) planFiles(next *plan, p Payload) error {
	for _, name := range []string{"customer_metadata", "internal_metadata", "tags", "routes"} {
		if !p.touches(name) {
			continue
		}
		set, _ := p["set_"+name].(map[string]any)
		next.Edits = append(next.Edits, edit{name, p.list("remove_" + name), set})
	}
	routes, _ := p["set_routes"].(map[string]any)
	return checkRoutes(routes, nicsOf(next.After))
}

func (p Payload) touches(name string) bool {
	_, set := p["set_"+name]
	_, remove := p["remove_"+name]
	return set || remove
}
