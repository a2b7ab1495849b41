package zonecfg

import (
	"context"
	"fmt"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// filter reads "RESOURCE name=value ..." .
func (s *Session) filter(name string, terms []Term) (*resource, map[string]string, error) {
	t := typeOf(terms[0].Value.Text)
	if t == nil || terms[0].Name != "" {
		return nil, nil, s.usage(name, sayf("%s: No such resource type", terms[0].Value.Text))
	}
	want := map[string]string{}
	for _, term := range terms[1:] {
		p := t.prop(term.Name)
		switch {
		case term.Name == "":
			return nil, nil, s.usage(name, nil)
		case term.Value.Kind != Simple:
			return nil, nil, sayf("A simple value was expected here.")
		case p == nil || p.list:
			return nil, nil, sayf("%s: No such property type", term.Name)
		}
		value := term.Value.Text
		if p.check != nil && value != "" {
			if proper, err := p.check(value); err == nil {
				value = proper
			}
		}
		want[term.Name] = value
	}
	return t, want, nil
}

// only1 finds the one record that a filter means.
func only1(t *resource, c *zone.Config, want map[string]string) (record, error) {
	var found []record
	for _, r := range t.load(c) {
		if r.matches(want) {
			found = append(found, r)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return record{}, sayf("Insufficient specification")
	case t.single:
		return record{}, sayf("No such resource type")
	}
	return record{}, sayf("No such resource with that id")
}

func (s *Session) selectVerb(_ context.Context, c Command) error {
	_, rest, err := flags(c, "")
	if err != nil || len(rest) == 0 {
		return s.usage("select", err)
	}
	if s.scope != nil {
		return s.wrongScope("select")
	}
	if err := s.open(); err != nil {
		return err
	}
	t, want, err := s.filter("select", rest)
	if err != nil {
		return err
	}
	r, err := only1(t, s.cfg, want)
	if err != nil {
		return fmt.Errorf("select %s: %w", t.name, err)
	}
	old := r.clone()
	s.scope = &scope{typ: t, rec: r.clone(), old: &old}
	return nil
}

func (s *Session) remove(_ context.Context, c Command) error {
	o, rest, err := flags(c, "F")
	if err != nil || len(rest) == 0 {
		return s.usage("remove", err)
	}
	if err := s.open(); err != nil {
		return err
	}
	force := has(o, 'F')
	if s.scope != nil {
		return s.removeItem(rest, force)
	}
	t, want, err := s.filter("remove", rest)
	if err != nil {
		return err
	}
	if len(want) == 0 {
		return s.removeAll(t, force)
	}
	r, err := only1(t, s.cfg, want)
	if err != nil {
		if force {
			return nil
		}
		return fmt.Errorf("remove %s: %w", t.name, err)
	}
	return s.apply(func(c *zone.Config) error {
		t.store(c, slices.DeleteFunc(t.load(c), func(x record) bool { return t.same(x, r) }))
		return nil
	})
}

// removeAll removes every resource of a type, asking first when that is more
// than one.
func (s *Session) removeAll(t *resource, force bool) error {
	switch n := len(t.load(s.cfg)); {
	case n == 0 && force:
		return nil
	case n == 0 && t.single:
		return sayf("remove %s: No such resource type", t.name)
	case n == 0:
		return sayf("remove %s: %v", t.name, errAbsent)
	case n > 1 && !force:
		yes, asked := s.ask(fmt.Sprintf("Are you sure you want to remove ALL '%s' resources", t.name))
		if !asked {
			return sayf("There are multiple instances of this resource.  Either qualify the resource to\n" +
				"remove a single instance or use the -F option to remove all instances.")
		}
		if !yes {
			return nil
		}
	}
	return s.apply(func(c *zone.Config) error { t.store(c, nil); return nil })
}

// removeItem removes a value of a list property, or all of property's.
func (s *Session) removeItem(terms []Term, force bool) error {
	name := terms[0].Value.Text
	p := s.scope.typ.prop(name)
	switch {
	case p == nil || !p.list || terms[0].Name != "":
		return s.usage("remove", sayf("%s: No such property type", name))
	case len(terms) == 1 && name == "property":
		s.scope.rec.items = nil
		return nil
	case len(terms) != 2 || terms[1].Name != "":
		return s.usage("remove", nil)
	}
	values := []Value{terms[1].Value}
	if values[0].Kind == List {
		values = values[0].Items
	}
	for _, v := range values {
		if v.Kind != p.item {
			return sayf("A %s or list value was expected here.", p.item)
		}
		left := slices.DeleteFunc(slices.Clone(s.scope.rec.items), func(h Value) bool { return means(h, v) })
		if len(left) == len(s.scope.rec.items) && !force {
			return sayf("%s: No such property with that id", name)
		}
		s.scope.rec.items = left
	}
	return nil
}

// means reports whether what was typed names an element: the same text, or
// pairs that are all there.
func means(have, typed Value) bool {
	if have.Kind == Simple {
		return have.Text == typed.Text
	}
	for _, p := range typed.Pairs {
		if have.pair(p.Name) != p.Text {
			return false
		}
	}
	return true
}
