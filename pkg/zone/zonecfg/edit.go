package zonecfg

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// one is the only term of a command, as flags leave it.
func (s *Session) one(c Command) (Term, error) {
	_, rest, err := flags(c, "")
	if err != nil || len(rest) != 1 {
		return Term{}, s.usage(c.Name, err)
	}
	return rest[0], s.open()
}

func (s *Session) set(_ context.Context, c Command) error {
	_, rest, err := flags(c, "F")
	if err != nil || len(rest) != 1 || rest[0].Name == "" {
		return s.usage("set", err)
	}
	t := rest[0]
	if s.scope != nil {
		if err := s.open(); err != nil {
			return err
		}
		return s.setProp(t.Name, t.Value)
	}
	if t.Value.Kind != Simple {
		return sayf("A simple value was expected here.")
	}
	if err := s.open(); t.Name == "zonename" && errors.Is(err, errNoZone) {
		return s.rename(t.Value.Text) // a name before create
	} else if err != nil {
		return err
	}
	return s.setGlobal(t.Name, t.Value.Text)
}

func (s *Session) rename(name string) error {
	if err := setName(new(zone.Config), name); err != nil {
		return err
	}
	s.Zone, s.saved = name, ""
	return nil
}

func (s *Session) setGlobal(name, value string) error {
	if g, ok := globalOf(name); ok {
		return s.setMember(g, value)
	}
	a, ok := aliasOf(name)
	if !ok || !slices.Contains(globalAliases, a) {
		if anyProp(name) {
			return sayf("Cannot set a resource-specific property from the global scope.")
		}
		return sayf("%s: No such property type", name)
	}
	n, err := a.parse(value)
	if err != nil {
		return err
	}
	return s.apply(func(c *zone.Config) error { return setAlias(c, a, n) })
}

func setAlias(c *zone.Config, a alias, n uint64) error {
	if err := a.set(c, n); err != nil {
		return namedError{a.name, err}
	}
	lwps, _ := aliasOf("max-lwps")
	if _, err := lwps.get(c); a.name == "max-processes" && errors.Is(err, errAbsent) {
		return lwps.set(c, n*lwpsPerProcess)
	}
	return nil
}

func (s *Session) setMember(g global, value string) error {
	if g.fixed && s.cfg.State == zone.Installed && g.get(s.cfg) != value {
		return sayf("Zone %s already installed; set %s not allowed.", s.Zone, g.name)
	}
	if g.name == "zonename" {
		if err := g.set(s.cfg, value); err != nil {
			return err
		}
		s.Zone = value
		s.edits = append(s.edits, func(*zone.Config) error { return nil }) // save renames
		return nil
	}
	return s.apply(func(c *zone.Config) error { return g.set(c, value) })
}

// anyProp reports whether some resource has a property of that name.
func anyProp(name string) bool {
	return slices.ContainsFunc(resources(), func(t resource) bool { return t.prop(name) != nil })
}

func (s *Session) setProp(name string, v Value) error {
	p := s.scope.typ.prop(name)
	if p == nil {
		return sayf("%s: No such property type", name)
	}
	if p.list {
		s.scope.rec.items = nil
		if v.Kind == List && len(v.Items) == 0 {
			return nil
		}
		return s.addItems(p, v)
	}
	if v.Kind != Simple {
		return sayf("A simple value was expected here.")
	}
	text := v.Text
	if p.check != nil && text != "" {
		var err error
		if text, err = p.check(text); err != nil {
			return err
		}
	}
	if a, ok := aliasOf(name); ok && s.scope.typ.alias {
		if _, err := a.get(s.cfg); errors.Is(err, errAlias) {
			return namedError{name, err}
		}
	}
	s.scope.rec.props[name] = text
	return nil
}

// addItems adds a value, or each of a list, to a list property.
func (s *Session) addItems(p *prop, v Value) error {
	values := []Value{v}
	if v.Kind == List {
		values = v.Items
	}
	for _, v := range values {
		if v.Kind != p.item {
			return sayf("A %s or list value was expected here.", p.item)
		}
		v, err := p.take(s.scope.rec.items, v)
		if err != nil {
			return err
		}
		s.scope.rec.items = append(s.scope.rec.items, v)
	}
	return nil
}

func (s *Session) add(_ context.Context, c Command) error {
	if s.scope == nil {
		t, err := s.one(c)
		if err != nil {
			return err
		}
		return s.begin(t.Value.Text)
	}
	_, rest, err := flags(c, "")
	if err != nil || len(rest) != 2 || rest[0].Name != "" {
		return s.usage("add", err)
	}
	name, v := rest[0].Value.Text, rest[1]
	p := s.scope.typ.prop(name)
	if p == nil || !p.list || v.Name != "" {
		return s.usage("add", sayf("%s: No such property type", name))
	}
	return s.addItems(p, v.Value)
}

func (s *Session) begin(name string) error {
	t := typeOf(name)
	if t == nil {
		return s.usage("add", sayf("%s: No such resource type", name))
	}
	if err := mayAdd(s.cfg, t); err != nil {
		return err
	}
	s.scope = &scope{typ: t, rec: record{props: map[string]string{}}}
	return nil
}

// mayAdd refuses a second resource of a kind that is single, and kinds that
// exclude each other.
func mayAdd(c *zone.Config, t *resource) error {
	ncpus, _ := aliasOf("ncpus")
	_, capped := ncpus.get(c)
	switch t.name {
	case "dedicated-cpu":
		switch {
		case c.CPU == nil && !errors.Is(capped, errAbsent):
			return sayf("The capped-cpu resource already exists.")
		case c.Pool != "":
			return sayf("The pool property is already set.  A persistent pool is incompatible with\nthe dedicated-cpu resource.")
		}
	case "capped-cpu":
		switch {
		case c.CPU != nil:
			return sayf("The dedicated-cpu resource already exists.")
		case errors.Is(capped, errAlias):
			return namedError{t.name, capped}
		}
	case "capped-memory":
		if len(t.load(c)) > 0 {
			return sayf("The capped-memory resource or a related resource control already exists.")
		}
	}
	if t.single && len(t.load(c)) > 0 {
		return sayf("The %s resource already exists.", t.name)
	}
	return nil
}

func (s *Session) cancel(_ context.Context, c Command) error {
	if _, err := s.none(c, ""); err != nil {
		return err
	}
	if s.scope == nil {
		return s.wrongScope("cancel")
	}
	s.scope = nil
	return nil
}

func (s *Session) end(_ context.Context, c Command) error {
	if _, err := s.none(c, ""); err != nil {
		return err
	}
	if s.scope == nil {
		return s.wrongScope("end")
	}
	t, rec, old := s.scope.typ, s.scope.rec, s.scope.old
	if err := complete(t, rec); err != nil {
		return err
	}
	err := s.apply(func(c *zone.Config) error { return put(c, t, rec.clone(), old) })
	if err == nil {
		s.scope = nil
	}
	return err
}

// complete reports all required properties that are missing.
func complete(t *resource, rec record) error {
	var missing []string
	for _, p := range t.props {
		switch {
		case p.required && p.list && len(rec.items) == 0:
			missing = append(missing, "no "+p.name+" specified")
		case p.required && !p.list && rec.props[p.name] == "":
			missing = append(missing, p.name+" not specified")
		}
	}
	if len(missing) > 0 {
		return sayf("%s", strings.Join(missing, "\n"))
	}
	if t.end != nil {
		return t.end(rec)
	}
	return nil
}

// put adds a record to a configuration, or puts it in the place of old.
func put(c *zone.Config, t *resource, rec record, old *record) error {
	list := t.load(c)
	if old == nil {
		if err := mayAdd(c, t); err != nil {
			return err
		}
	}
	place := -1
	for i, r := range list {
		if old != nil && t.same(r, *old) {
			place = i
			continue
		}
		if t.same(r, rec) && !t.single {
			return exists(t, rec)
		}
	}
	switch {
	case old == nil:
		list = append(list, rec)
	case place < 0:
		return sayf("%s: No such resource with that id", t.name)
	default:
		list[place] = rec
	}
	t.store(c, list)
	return nil
}

func exists(t *resource, r record) error {
	key := t.keys[0]
	if t.name != "net" {
		return sayf("%s %s resource with the %s '%s' already exists.", t.article, t.name, key, r.props[key])
	}
	second := "allowed-address"
	if r.props["address"] != "" {
		second = "address"
	}
	return sayf("A net resource with the physical '%s', and %s '%s' already exists.", r.props[key], second, r.props[second])
}

func (s *Session) clear(_ context.Context, c Command) error {
	t, err := s.one(c)
	if err != nil {
		return err
	}
	name := t.Value.Text
	if s.scope != nil {
		p := s.scope.typ.prop(name)
		if p == nil || p.required || p.fixed || p.list {
			return sayf("%s: Clearing this property is not allowed", name)
		}
		delete(s.scope.rec.props, name)
		return nil
	}
	if g, ok := globalOf(name); ok {
		if g.clear == noClear {
			return sayf("%s: Clearing this property is not allowed", name)
		}
		return s.apply(func(c *zone.Config) error { return g.set(c, g.clear) })
	}
	a, ok := aliasOf(name)
	if !ok || !slices.Contains(globalAliases, a) {
		return sayf("%s: No such property type", name)
	}
	return s.apply(func(c *zone.Config) error {
		if err := a.clear(c); err != nil {
			return fmt.Errorf("clear %s: %w", name, err)
		}
		return nil
	})
}
