package vm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// plan is everything that an update changes, decided before anything is: it
// goes into the journal, so that an interrupted update can be finished.
type plan struct {
	Before, After *zone.Config
	Dataset       map[string]string `json:",omitempty"`
	Edits         []edit            `json:",omitempty"`
	Guard         *bool             `json:",omitempty"` // whether it is not to be destroyed
}

// edit changes one object in the files of the dataset: it removes first and
// sets then. It is not the new content, since the machine may write meanwhile.
type edit struct {
	Object string // customer_metadata, internal_metadata, tags or routes
	Remove []string
	Set    flat
}

// errChanged says that zonecfg or zoneadm was faster; the update is decided
// again.
var errChanged = errors.New("the configuration was changed meanwhile")

// apply makes the changes of a plan: all of them, or none when one fails. It
// can be repeated. The caller holds the machine and has its data lock.
func (h *Host) apply(ctx context.Context, name string, p *plan) error {
	undo := revert.New()
	err := h.applySteps(ctx, name, p, undo)
	if err != nil {
		return errors.Join(err, undo.Fail())
	}
	undo.Success()
	return nil
}

func (h *Host) applySteps(ctx context.Context, name string, p *plan, undo *revert.Stack) error {
	// The last of the undo: the zone has to see all that was brought back.
	undo.Add(func() error { return h.refresh(context.WithoutCancel(ctx), name) })
	if err := h.applyDataset(ctx, datasetOf(p.After), p.Dataset, undo); err != nil {
		return err
	}
	if err := h.applyFiles(p, undo); err != nil {
		return err
	}
	if err := h.applyGuard(ctx, p, undo); err != nil {
		return err
	}
	if err := h.zones.Edit(ctx, name, p.swap); err != nil {
		return err
	}
	undo.Add(func() error { return h.unswap(context.WithoutCancel(ctx), name, p) })
	return h.refresh(ctx, name)
}

// refresh lets a running zone have what can change live.
func (h *Host) refresh(ctx context.Context, name string) error {
	s, err := h.zones.Status(name)
	if err != nil || s.State != zone.Running {
		return err
	}
	err = h.zones.Refresh(ctx, name)
	if wentDown(err) {
		return nil
	}
	return err
}

// unswap brings the configuration back, unless other hands have changed it
// since.
func (h *Host) unswap(ctx context.Context, name string, p *plan) error {
	back := plan{Before: p.After, After: p.Before}
	err := h.zones.Edit(ctx, name, back.swap)
	if errors.Is(err, errChanged) {
		return nil
	}
	return err
}

// wentDown reports whether a zone stopped while it was told of a change.
func wentDown(err error) bool {
	_, ok := errors.AsType[*zone.StateError](err)
	return ok
}

// swap replaces what the plan was made for by what it leads to. A finished swap
// is fine; a configuration of other hands is not overwritten.
func (p *plan) swap(c *zone.Config) error {
	switch {
	case same(c, p.Before):
		*c = *p.After
	case !same(c, p.After):
		return errChanged
	}
	return nil
}

func same(a, b *zone.Config) bool {
	at, aerr := json.Marshal(a)
	bt, berr := json.Marshal(b)
	return aerr == nil && berr == nil && bytes.Equal(at, bt)
}

func (h *Host) applyDataset(ctx context.Context, name string, props map[string]string, undo *revert.Stack) error {
	if len(props) == 0 {
		return nil
	}
	old, err := h.pools.Get(ctx, name, slices.Sorted(maps.Keys(props))...)
	if err != nil {
		return err
	}
	if err := h.pools.Set(ctx, name, props); err != nil {
		return err
	}
	undo.Add(func() error { return h.restore(context.WithoutCancel(ctx), old, props) })
	return nil
}

func (h *Host) applyGuard(ctx context.Context, p *plan, undo *revert.Stack) error {
	if p.Guard == nil {
		return nil
	}
	now, err := h.readDataset(ctx, p.After)
	if err != nil || now.guarded == *p.Guard {
		return err
	}
	undo.Add(func() error { return h.guard(context.WithoutCancel(ctx), datasetOf(p.After), now.guarded) })
	return h.guard(ctx, datasetOf(p.After), *p.Guard)
}

// restore gives a dataset back the properties that it had.
func (h *Host) restore(ctx context.Context, old zpool.Dataset, changed map[string]string) error {
	var errs []error
	for prop := range changed {
		if p := old.Props[prop]; p.Source == "local" {
			errs = append(errs, h.pools.Set(ctx, old.Name, map[string]string{prop: p.Value}))
		} else {
			errs = append(errs, h.pools.Inherit(ctx, old.Name, prop, zpool.InheritOptions{}))
		}
	}
	return errors.Join(errs...)
}

// applyFiles makes the edits. The caller has the data lock.
func (h *Host) applyFiles(p *plan, undo *revert.Stack) error {
	for _, e := range p.Edits {
		old, err := h.readObject(p.After, e.Object)
		if err != nil {
			return err
		}
		edited := maps.Clone(old)
		edited.edit(e.Remove, e.Set)
		if err := h.writeObject(p.After, e.Object, edited); err != nil {
			return err
		}
		undo.Add(func() error { return h.writeObject(p.After, e.Object, old) })
	}
	return nil
}

func (h *Host) readObject(c *zone.Config, name string) (flat, error) {
	switch name {
	case "customer_metadata":
		m, err := h.readMetadata(c)
		return m.Customer, err
	case "internal_metadata":
		m, err := h.readMetadata(c)
		return m.Internal, err
	}
	return h.readFlat(c, name+".json")
}

func (h *Host) writeObject(c *zone.Config, name string, f flat) error {
	if name != "customer_metadata" && name != "internal_metadata" {
		return h.writeFile(c, name+".json", f)
	}
	m, err := h.readMetadata(c)
	if err != nil {
		return err
	}
	if name == "customer_metadata" {
		m.Customer = f
	} else {
		m.Internal = f
	}
	return h.writeFile(c, metadataFile, m)
}
