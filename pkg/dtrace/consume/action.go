package consume

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/format"
	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
)

// action prints or carries out one action of a record.
func (p *Printer) action(a *gen.ActionLayout, b []byte, src Source) error {
	data := func(i int) []byte {
		f := a.Fields[i]
		return b[f.Off : f.Off+f.Size]
	}
	switch a.Action.Kind {
	case "default", "raise", "stop", "copyout", "copyoutstr", "chill": // done where the probe fired
	case "trace", "tracemem", "stack", "ustack", "jstack", "sym", "mod", "func", "addr", "usym", "umod", "ufunc", "uaddr":
		p.traced(a.Fields[0], data(0))
	case "printf":
		return p.printf(a, data)
	case "printa":
		return p.printa(a, src)
	case "exit":
		p.exited = true
	case "print":
		p.out.WriteString(p.print(a.Fields[1].Type, binary.NativeEndian.Uint64(data(0)), data(1)))
	case "system", "freopen":
		text, err := p.formatted(a, data)
		if err != nil {
			return err
		}
		if a.Action.Kind == "system" {
			return p.system(text)
		}
		return p.freopen(text)
	case "ftruncate":
		return p.ftruncate()
	case "setopt":
		return p.setopt(a, data)
	case "speculate":
	case "commit":
		return p.commit(binary.NativeEndian.Uint64(data(0)), src)
	case "discard":
		delete(p.held, binary.NativeEndian.Uint64(data(0)))
	case "clear", "trunc", "normalize", "denormalize":
		return p.change(a, data, src)
	default:
		return fmt.Errorf("%s( ) is not supported yet", a.Action.Kind)
	}
	return nil
}

// change is clear, trunc, normalize or denormalize of an aggregation.
func (p *Printer) change(a *gen.ActionLayout, data func(int) []byte, src Source) error {
	l := p.gen.Aggs[a.Action.Aggs[0].Index]
	switch a.Action.Kind {
	case "clear":
		return src.ClearAggregation(l)
	case "normalize":
		n := int64(binary.NativeEndian.Uint64(data(0)))
		if n == 0 {
			return fmt.Errorf("normalize( ) of @%s by zero", l.Agg.Name)
		}
		p.normal[l.Agg.Index] = n
	case "denormalize":
		delete(p.normal, l.Agg.Index)
	case "trunc":
		return p.truncate(l, a, data, src)
	}
	return nil
}

// truncate forgets all keys, or all but the n greatest, or for a negative n all
// but the least.
func (p *Printer) truncate(l *gen.AggLayout, a *gen.ActionLayout, data func(int) []byte, src Source) error {
	entries, err := src.Aggregation(l)
	if err != nil {
		return err
	}
	keep := 0
	if len(a.Action.Args) > 0 {
		keep = int(int64(binary.NativeEndian.Uint64(data(0))))
	}
	Order{Reverse: keep > 0}.Sort(entries)
	return src.RemoveEntries(l, entries[min(max(keep, -keep), len(entries)):])
}

// printf prints a format with the values of a record.
func (p *Printer) printf(a *gen.ActionLayout, data func(int) []byte) error {
	parts, err := format.Parse(a.Action.Fmt)
	if err != nil {
		return err
	}
	next := 0
	take := func() (gen.Field, []byte) {
		next++
		return a.Fields[next-1], data(next - 1)
	}
	for _, part := range parts {
		switch part.Verb {
		case 0:
			p.out.WriteString(part.Text)
			continue
		case '%':
			p.out.WriteByte('%')
			continue
		}
		for _, star := range []struct {
			on  bool
			set func(int)
		}{
			{part.StarWidth, func(n int) { part.SetWidth(n) }},
			{part.StarPrec, func(n int) { part.Prec = n }},
		} {
			if star.on {
				_, d := take()
				star.set(int(int64(binary.NativeEndian.Uint64(d))))
			}
		}
		f, d := take()
		p.out.WriteString(part.Format(p.valueOf(f, d)))
	}
	return nil
}

// valueOf is a field as the format language takes it.
func (p *Printer) valueOf(f gen.Field, d []byte) format.Value {
	if text, ok := p.named(f, d); ok {
		return format.Value{Str: text, IsStr: true}
	}
	t := f.Type.Base()
	if t.Kind == ctype.Str || t.Kind == ctype.Array || t.Kind == ctype.Struct || t.Kind == ctype.Union {
		return format.Value{Str: cstring(d), IsStr: true}
	}
	return format.Value{Int: binary.NativeEndian.Uint64(d), Signed: t.Signed || t.Kind == ctype.Enum, Float: t.Kind == ctype.Float, Size: max(t.Size, 1)}
}

// printa prints aggregations: all of a key's values side by side, in the order
// of the first.
func (p *Printer) printa(a *gen.ActionLayout, src Source) error {
	var lists [][]Entry
	for _, agg := range a.Action.Aggs {
		entries, err := p.entries(p.gen.Aggs[agg.Index], src)
		if err != nil {
			return err
		}
		p.printed[agg.Index] = true
		lists = append(lists, entries)
	}
	if a.Action.Fmt == "" {
		for _, entries := range lists {
			p.out.WriteString("\n")
			p.aggregation(entries)
		}
		return nil
	}
	parts, err := format.Parse(a.Action.Fmt)
	if err != nil {
		return err
	}
	for _, row := range join(p.gen, lists, p.opts.Order, a) {
		p.row(parts, row)
	}
	return nil
}

// join puts the entries of one key side by side; one that an aggregation lacks
// is zero.
func join(g *gen.Generator, lists [][]Entry, o Order, a *gen.ActionLayout) [][]Entry {
	index := map[string]int{}
	var rows [][]Entry
	for i, entries := range lists {
		for _, e := range entries {
			at, ok := index[string(e.Key)]
			if !ok {
				at = len(rows)
				index[string(e.Key)] = at
				row := make([]Entry, len(lists))
				for j, agg := range a.Action.Aggs {
					l := g.Aggs[agg.Index]
					row[j] = Entry{Layout: l, Key: e.Key, Words: make([]int64, l.ValueSize/8)}
				}
				rows = append(rows, row)
			}
			rows[at][i] = e
		}
	}
	pos := min(o.ValuePos, len(lists)-1)
	heads := make([]Entry, len(rows))
	back := map[string][]Entry{}
	for i, row := range rows {
		heads[i] = row[pos]
		back[string(row[pos].Key)] = row
	}
	o.Sort(heads)
	for i, h := range heads {
		rows[i] = back[string(h.Key)]
	}
	return rows
}

// row prints one key and its values.
func (p *Printer) row(parts []format.Part, row []Entry) {
	nextKey, nextValue := 0, 0
	for _, part := range parts {
		switch {
		case part.Verb == 0:
			p.out.WriteString(part.Text)
		case part.Verb == '%':
			p.out.WriteByte('%')
		case part.Agg:
			e := row[min(nextValue, len(row)-1)]
			nextValue++
			p.aggValue(part, e)
		default:
			f := row[0].Layout.Keys[nextKey]
			nextKey++
			p.out.WriteString(part.Format(p.valueOf(f, row[0].Key[f.Off:f.Off+f.Size])))
		}
	}
}

func (p *Printer) aggValue(part format.Part, e Entry) {
	switch e.Layout.Agg.Fn {
	case "quantize", "lquantize", "llquantize":
		var b strings.Builder
		p.opts.Display.distribution(&b, e, p.factor(e.Layout))
		p.out.WriteString(b.String())
	default:
		part.Size = ""
		p.out.WriteString(part.Format(format.Value{Int: uint64(e.Value() / p.factor(e.Layout)), Signed: true, Size: 8}))
	}
}
