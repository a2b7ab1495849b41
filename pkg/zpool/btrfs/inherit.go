package btrfs

import (
	"path"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Sources of a property, as zfs get prints them.
const (
	sourceNone     = "-"
	sourceLocal    = "local"
	sourceReceived = "received"
	sourceDefault  = "default"
)

// prop is a settable property's value for r and its source.
func (s *store) prop(r *record, name string) dataset.Prop {
	v := s.effective(r, name)
	v.Received = r.Received[name]
	return v
}

// own is what is set at r itself.
func (r *record) own(name string) (v dataset.Prop, ok bool) {
	if v, ok := r.Props[name]; ok {
		return dataset.Prop{Value: v, Source: sourceLocal}, true
	}
	if v, ok := r.Received[name]; ok {
		return dataset.Prop{Value: v, Source: sourceReceived}, true
	}
	return dataset.Prop{}, false
}

func (s *store) effective(r *record, name string) dataset.Prop {
	if v, ok := r.own(name); ok {
		return v
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
		own, ok := parent.own(name)
		if !ok {
			continue
		}
		if v := own.Value; name == "mountpoint" && v != "none" && v != "legacy" {
			return path.Join(v, strings.TrimPrefix(r.Name, above)), above, true
		}
		return own.Value, above, true
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
