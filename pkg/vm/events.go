package vm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// The types of events.
const (
	EventReady  = "ready"
	EventCreate = "create"
	EventModify = "modify"
	EventDelete = "delete"
)

// Event is something that happened to a machine.
type Event struct {
	Type     string    `json:"type"`
	Zonename string    `json:"zonename,omitempty"`
	UUID     string    `json:"uuid,omitempty"`
	Date     time.Time `json:"date"`
	VM       any       `json:"vm,omitempty"`
	Changes  []Change  `json:"changes,omitempty"`

	Alias string `json:"-"`
}

// repoll is how often states are looked at without being told: nothing tells
// when a zoneadmd was killed.
const repoll = 2 * time.Second

// watcher knows machines as they were, and finds what became of them.
type watcher struct {
	h    *Host
	uuid string                    // only this one
	vms  map[string]map[string]any // by zone name
	emit func(Event) error
}

// Events tells emit of everything that happens to machines (to one, with a
// uuid), until ctx ends or emit fails. Its first event is that it is ready.
func (h *Host) Events(ctx context.Context, uuid string, emit func(Event) error) error {
	notes, err := h.notify()
	if err != nil {
		return err
	}
	defer notes.close()
	w := &watcher{h: h, uuid: uuid, vms: make(map[string]map[string]any), emit: emit}
	if err := w.start(ctx, notes); err != nil {
		return err
	}
	if err := emit(Event{Type: EventReady, Date: h.Now()}); err != nil {
		return err
	}
	for {
		names, err := notes.wait(ctx, repoll)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		names = append(names, w.stale()...)
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if err := w.look(ctx, notes, name); err != nil {
				return err
			}
		}
	}
}

func (w *watcher) start(ctx context.Context, notes *notes) error {
	all, err := w.h.zones.List()
	if err != nil {
		w.h.log.Warn("list zones", "error", err)
	}
	for _, s := range all {
		if vm, err := w.read(ctx, s); err == nil && w.wants(s) {
			w.vms[s.Name] = vm
			notes.follow(s.Config)
		}
	}
	if w.uuid != "" && len(w.vms) == 0 {
		return worded("VM %s not found", w.uuid)
	}
	return nil
}

func (w *watcher) wants(s zone.Status) bool {
	return s.Config.UUID != "" && (w.uuid == "" || s.Config.UUID == w.uuid)
}

// read is a machine as plain JSON values.
func (w *watcher) read(ctx context.Context, s zone.Status) (map[string]any, error) {
	m := w.h.machine(ctx, s)
	m.doing = w.h.doing(s.Name)
	o, err := m.Full()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	var vm map[string]any
	return vm, json.Unmarshal(text, &vm)
}

// stale are the machines whose state is not what it was.
func (w *watcher) stale() []string {
	var names []string
	for name, vm := range w.vms {
		s, err := w.h.zones.Status(name)
		if err != nil || string(s.State) != vm["zone_state"] {
			names = append(names, name)
		}
	}
	return names
}

// look compares a machine with what it was, and emits what became of it.
func (w *watcher) look(ctx context.Context, notes *notes, name string) error {
	old, known := w.vms[name]
	s, err := w.h.zones.Status(name)
	switch {
	case errors.Is(err, zone.ErrNotFound):
		if !known {
			return nil
		}
		delete(w.vms, name)
		return w.emit(w.event(EventDelete, name, old, nil))
	case err != nil || !w.wants(s):
		return nil
	}
	vm, err := w.read(ctx, s)
	if err != nil {
		return nil // half made or half gone; its next change says more
	}
	w.vms[name] = vm
	notes.follow(s.Config)
	if !known {
		return w.emit(w.event(EventCreate, name, vm, nil))
	}
	changes := diff(nil, old, vm)
	if len(changes) == 0 {
		return nil
	}
	return w.emit(w.event(EventModify, name, vm, changes))
}

func (w *watcher) event(kind, name string, vm map[string]any, changes []Change) Event {
	uuid, _ := vm["uuid"].(string)
	alias, _ := vm["alias"].(string)
	e := Event{Type: kind, Zonename: name, UUID: uuid, Date: w.h.Now(), Changes: changes, Alias: alias}
	if kind != EventDelete {
		e.VM = vm
	}
	return e
}

// Change is one value that changed in a machine.
type Change struct {
	Path   []any  `json:"path"`
	Pretty string `json:"prettyPath"`
	Action string `json:"action"` // added, removed, changed
	Old    any    `json:"oldValue"`
	New    any    `json:"newValue"`
}

// diff lists what differs between two JSON values, in the order of the names.
func diff(path []any, a, b any) []Change {
	am, aIsMap := a.(map[string]any)
	bm, bIsMap := b.(map[string]any)
	if aIsMap && bIsMap {
		return diffMaps(path, am, bm)
	}
	al, aIsList := a.([]any)
	bl, bIsList := b.([]any)
	if aIsList && bIsList && len(al) == len(bl) {
		var changes []Change
		for i := range al {
			changes = append(changes, diff(append(slices.Clone(path), i), al[i], bl[i])...)
		}
		return changes
	}
	if aIsList || bIsList || a != b {
		return []Change{change(path, "changed", a, b)}
	}
	return nil
}

func diffMaps(path []any, a, b map[string]any) []Change {
	names := make(map[string]bool)
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	var changes []Change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		at := append(slices.Clone(path), name)
		old, was := a[name]
		now, is := b[name]
		switch {
		case !was:
			changes = append(changes, change(at, "added", nil, now))
		case !is:
			changes = append(changes, change(at, "removed", old, nil))
		default:
			changes = append(changes, diff(at, old, now)...)
		}
	}
	return changes
}

func change(path []any, action string, old, now any) Change {
	steps := make([]string, len(path))
	for i, step := range path {
		steps[i] = fmt.Sprint(step)
	}
	return Change{path, strings.Join(steps, "."), action, old, now}
}
