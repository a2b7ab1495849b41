package zonecfg

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

func (s *Session) info(_ context.Context, c Command) error {
	_, rest, err := flags(c, "")
	if err != nil {
		return s.usage("info", err)
	}
	if err := s.open(); err != nil {
		return err
	}
	var b strings.Builder
	switch {
	case s.scope != nil:
		infoRecord(&b, s.scope.typ, s.scope.rec)
	case len(rest) == 0:
		infoAll(&b, s.cfg)
	case len(rest) == 1 && infoGlobal(&b, s.cfg, rest[0].Value.Text):
	default:
		if err := s.infoSome(&b, rest); err != nil {
			return err
		}
	}
	_, err = io.WriteString(s.Out, b.String())
	return err
}

func infoAll(b *strings.Builder, c *zone.Config) {
	for _, g := range globals {
		infoGlobal(b, c, g.name)
	}
	for _, a := range globalAliases {
		infoGlobal(b, c, a.name)
	}
	types := resources()
	for i := range types {
		for _, r := range types[i].load(c) {
			infoRecord(b, &types[i], r)
		}
	}
}

// infoGlobal shows one property of the zone; false when there is none of that
// name.
func infoGlobal(b *strings.Builder, c *zone.Config, name string) bool {
	if g, ok := globalOf(name); ok {
		fmt.Fprintf(b, "%s: %s\n", name, g.get(c))
		return true
	}
	a, ok := aliasOf(name)
	if !ok || !slices.Contains(globalAliases, a) {
		return false
	}
	if n, err := a.get(c); err == nil {
		fmt.Fprintf(b, "[%s: %s]\n", name, a.show(n))
	}
	return true
}

func (s *Session) infoSome(b *strings.Builder, terms []Term) error {
	t, want, err := s.filter("info", terms)
	if err != nil {
		return err
	}
	for _, r := range t.load(s.cfg) {
		if r.matches(want) {
			infoRecord(b, t, r)
		}
	}
	if b.Len() == 0 && len(want) > 0 {
		fmt.Fprintf(b, "No such %s resource.\n", t.name)
	}
	return nil
}

func infoRecord(b *strings.Builder, t *resource, r record) {
	fmt.Fprintf(b, "%s:\n", t.name)
	for _, p := range t.props {
		value := r.props[p.name]
		switch {
		case p.list && p.item == Simple:
			fmt.Fprintf(b, "\t%s: %s\n", p.name, Value{Kind: List, Items: r.items})
		case p.list:
			for _, item := range r.items {
				fmt.Fprintf(b, "\t%s: %s\n", p.name, itemText(item))
			}
		case value == "" && p.omit:
		case value == "":
			fmt.Fprintf(b, "\t%s not specified\n", p.name)
		case p.bracket:
			a, _ := aliasOf(p.name)
			if p.name != "ncpus" {
				value = a.show(readExactly(a, value))
			}
			fmt.Fprintf(b, "\t[%s: %s]\n", p.name, value)
		default:
			fmt.Fprintf(b, "\t%s: %s\n", p.name, Quote(value))
		}
	}
}

// itemText writes an element; the value of a (name=,value=) is always quoted.
func itemText(v Value) string {
	if v.Kind == Complex && len(v.Pairs) == 2 && v.Pairs[1].Name == "value" {
		return "(name=" + quoteInside(v.Pairs[0].Text) + ",value=" + always(v.Pairs[1].Text) + ")"
	}
	return v.String()
}

func (s *Session) export(_ context.Context, c Command) error {
	o, err := s.none(c, "f:")
	if err != nil {
		return err
	}
	if err := s.open(); err != nil {
		return err
	}
	text := Export(s.cfg)
	file, ok := o['f']
	if !ok {
		_, err := io.WriteString(s.Out, text)
		return err
	}
	if s.Write == nil {
		return sayf("opening file %s: not possible here", file)
	}
	if err := s.Write(file, []byte(text)); err != nil {
		return fmt.Errorf("opening file %s: %w", file, err)
	}
	return nil
}

// Export is the commands that make a configuration.
func Export(c *zone.Config) string {
	var b strings.Builder
	b.WriteString("create -b\n")
	for _, g := range globals[1:] {
		if v := g.get(c); v != "" {
			fmt.Fprintf(&b, "set %s=%s\n", g.name, Quote(v))
		}
	}
	for _, name := range exportOrder {
		t := typeOf(name)
		for _, r := range t.load(c) {
			exportRecord(&b, t, r)
		}
	}
	return b.String()
}

func exportRecord(b *strings.Builder, t *resource, r record) {
	fmt.Fprintf(b, "add %s\n", t.name)
	order := t.export
	if order == nil {
		for _, p := range t.props {
			order = append(order, p.name)
		}
	}
	for _, name := range order {
		switch p := t.prop(name); {
		case p.list && p.item == Simple:
			for _, item := range r.items {
				fmt.Fprintf(b, "add %s %s\n", name, item)
			}
		case p.list:
			for _, item := range r.items {
				fmt.Fprintf(b, "add %s %s\n", name, itemText(item))
			}
		case r.props[name] != "":
			fmt.Fprintf(b, "set %s=%s\n", name, Quote(r.props[name]))
		}
	}
	b.WriteString("end\n")
}
