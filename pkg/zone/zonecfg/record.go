package zonecfg

import (
	"maps"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// record is one resource while it is edited and shown: the same form for every
// type.
type record struct {
	props map[string]string
	items []Value // of the type's one list property
}

func (r record) clone() record {
	return record{maps.Clone(r.props), slices.Clone(r.items)}
}

// prop is a property of a resource type.
type prop struct {
	name     string
	required bool
	fixed    bool                                // cannot be cleared
	check    func(string) (string, error)        // brings a value into form
	bracket  bool                                // info shows it as [name: value], since it is an alias
	omit     bool                                // info leaves it out when it is empty
	item     Kind                                // of a list property's elements
	list     bool                                // it is the list property
	take     func([]Value, Value) (Value, error) // checks an element that is added
}

// resource is a type of resource: how it looks and where it lives in the
// configuration.
type resource struct {
	name    string
	props   []prop // as info shows them
	export  []string
	keys    []string // properties that no two may share
	article string   // in "A fs resource ..."
	single  bool     // there is at most one
	alias   bool     // it is made of rctls, export shows those
	load    func(*zone.Config) []record
	store   func(*zone.Config, []record)
	end     func(record) error // checks beyond single properties
}

func (t *resource) prop(name string) *prop {
	for i := range t.props {
		if t.props[i].name == name {
			return &t.props[i]
		}
	}
	return nil
}

// same reports whether two records have the same keys.
func (t *resource) same(a, b record) bool {
	for _, k := range t.keys {
		if a.props[k] != b.props[k] {
			return false
		}
	}
	return true
}

// matches reports whether r has all the values that a filter names.
func (r record) matches(filter map[string]string) bool {
	for name, value := range filter {
		if value != "" && r.props[name] != value {
			return false
		}
	}
	return true
}

func typeOf(name string) *resource {
	types := resources()
	for i := range types {
		if types[i].name == name {
			return &types[i]
		}
	}
	return nil
}

// collect makes records of what a configuration has of one type.
func collect[T any](list []T, one func(T) record) []record {
	out := make([]record, len(list))
	for i, item := range list {
		out[i] = one(item)
	}
	return out
}

// spread is the way back.
func spread[T any](records []record, one func(record) T) []T {
	var out []T
	for _, r := range records {
		out = append(out, one(r))
	}
	return out
}

// named are the (name=,value=) elements of a map, by name.
func named(m map[string]string) []Value {
	var out []Value
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, Value{Kind: Complex, Pairs: []Pair{{"name", k}, {"value", m[k]}}})
	}
	return out
}

func mapOf(items []Value) map[string]string {
	if len(items) == 0 {
		return nil
	}
	m := map[string]string{}
	for _, v := range items {
		m[v.pair("name")] = v.pair("value")
	}
	return m
}
