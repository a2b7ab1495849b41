package btrfs

import (
	"path"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Sources of a property, as zfs get prints them.
const (
	sourceNone    = "-"
	sourceLocal   = "local"
	sourceDefault = "default"
)

// prop is a settable property's value for r and its source.
func (s *store) prop(r *record, name string) dataset.Prop {
	if v, ok := r.Props[name]; ok {
		return dataset.Prop{Value: v, Source: sourceLocal}
	}
	p := dataset.Lookup(name)
	if p == nil || p.Change == dataset.Inherited {
		if v, from, ok := s.inherited(r, name); ok {
			return dataset.Prop{Value: v, Source: "inherited from " + from}
		}
	}
	if name == "mountpoint" {
		return dataset.Prop{Value: "/" + r.Name, Source: sourceDefault}
	}
	if p == nil {
		return dataset.Prop{Value: "-", Source: sourceNone}
	}
	return dataset.Prop{Value: p.Default, Source: sourceDefault}
}

// inherited looks for the nearest dataset above r that sets a property.
// Snapshots inherit from their dataset.
func (s *store) inherited(r *record, name string) (value, from string, ok bool) {
	for above := above(r.Name); above != ""; above = dataset.Parent(above) {
		parent := s.byName[above]
		if parent == nil {
			continue
		}
		v, ok := parent.Props[name]
		if !ok {
			continue
		}
		if name == "mountpoint" && v != "none" && v != "legacy" {
			v = path.Join(v, strings.TrimPrefix(r.Name, above))
		}
		return v, above, true
	}
	return "", "", false
}

// above is the dataset that name inherits from.
func above(name string) string {
	if of, rest := dataset.Base(name); rest != "" {
		return of
	}
	return dataset.Parent(name)
}

func (s *store) value(r *record, name string) string { return s.prop(r, name).Value }

func (s *store) isOn(r *record, name string) bool { return s.value(r, name) == "on" }
