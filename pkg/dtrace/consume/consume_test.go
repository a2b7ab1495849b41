package consume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

func layout(fn ir.AggFunc, args ...int64) *gen.AggLayout {
	a := &ir.Agg{Name: "a", Fn: fn, Keys: []*ctype.Type{ctype.IntT}, Sign: true}
	copy(a.Args[:], args)
	g := gen.New(&ir.Program{Aggs: []*ir.Agg{a}}, gen.Options{StrSize: 16, Specs: 1})
	return g.Aggs[0]
}

func entry(l *gen.AggLayout, key int64, words ...int64) Entry {
	k := make([]byte, l.KeySize)
	binary.NativeEndian.PutUint64(k, uint64(key))
	v := make([]byte, l.ValueSize)
	for i, w := range words {
		binary.NativeEndian.PutUint64(v[8*i:], uint64(w))
	}
	return NewEntry(l, k, [][]byte{v})
}

// cpus sums what several CPUs have.
func cpus(l *gen.AggLayout, perCPU ...[]int64) Entry {
	values := make([][]byte, len(perCPU))
	for i, words := range perCPU {
		values[i] = make([]byte, l.ValueSize)
		for j, w := range words {
			binary.NativeEndian.PutUint64(values[i][8*j:], uint64(w))
		}
	}
	return NewEntry(l, make([]byte, l.KeySize), values)
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		fn     ir.AggFunc
		perCPU [][]int64
		want   int64
	}{
		{ir.Count, [][]int64{{2}, {3}}, 5},
		{ir.Sum, [][]int64{{1, -4}, {2, 10}}, 6},
		{ir.Avg, [][]int64{{1, 7}, {1, 8}}, 7},
		{ir.Avg, [][]int64{{0, 0}}, 0},
		{ir.Min, [][]int64{{0, 0}, {1, 5}, {1, -3}}, -3},
		{ir.Max, [][]int64{{0, 0}, {1, -5}, {1, -3}}, -3},
		{ir.Stddev, [][]int64{{1, 2, 4, 0}, {1, 6, 36, 0}}, 2},
		{ir.Stddev, [][]int64{{1, 0, -1, 0}, {1, 0, 1, 0}}, 3037000499}, // the low words carry into the high one
	} {
		if got := cpus(layout(c.fn), c.perCPU...).Value(); got != c.want {
			t.Errorf("%s of %v: got %d, want %d", c.fn, c.perCPU, got, c.want)
		}
	}
}

func TestOrder(t *testing.T) {
	l := layout(ir.Sum)
	for _, c := range []struct {
		o    Order
		want string
	}{
		{Order{}, "3 -1 2"}, // by value, then key, which has no sign when it is compared
		{Order{Reverse: true}, "2 -1 3"},
		{Order{ByKey: true}, "2 3 -1"},
		{Order{ByKey: true, Reverse: true}, "-1 3 2"},
	} {
		list := []Entry{entry(l, 2, 1, 9), entry(l, 3, 1, 1), entry(l, -1, 1, 1)}
		c.o.Sort(list)
		var got []string
		for _, e := range list {
			got = append(got, number(ctype.IntT, e.Key))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%+v: got %s, want %s", c.o, s, c.want)
		}
	}
}

func TestDistribution(t *testing.T) {
	quantize := make([]int64, 1+gen.QuantizeBuckets)
	quantize[0], quantize[1+64], quantize[1+65] = 4, 1, 3 // 1, and 2..3
	for _, c := range []struct {
		l     *gen.AggLayout
		words []int64
		want  []string
	}{
		{layout(ir.Quantize), quantize, []string{
			"               0 |                                         0        ",
			"               1 |@@@@@@@@@@                               1        ",
			"               2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@           3        ",
			"               4 |                                         0        ",
		}},
		{layout(ir.Lquantize, 0, 10, 5), []int64{2, 1, 0, 0, 1}, []string{
			"             < 0 |@@@@@@@@@@@@@@@@@@@@                     1        ",
			"               0 |                                         0        ",
			"               5 |                                         0        ",
			"           >= 10 |@@@@@@@@@@@@@@@@@@@@                     1        ",
		}},
		{layout(ir.Lquantize, 0, 10, 5), []int64{2, 0, -2, 2, 0}, []string{
			"             < 0                     |                     0        ",
			"               0           @@@@@@@@@@|                     -2       ",
			"               5                     |@@@@@@@@@@           2        ",
			"           >= 10                     |                     0        ",
		}},
	} {
		var b strings.Builder
		Display{}.distribution(&b, entry(c.l, 0, c.words...), 1)
		got := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(got) < 2 || strings.Join(got[2:], "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s: got\n%s\nwant\n%s", c.l.Agg.Fn, b.String(), strings.Join(c.want, "\n"))
		}
	}
}

func TestPrintLayout(t *testing.T) {
	in := &ctype.Type{Kind: ctype.Struct, Size: 8}
	in.SetMembers(func() []ctype.Member {
		return []ctype.Member{{Name: "p", Type: ctype.PointerTo(ctype.VoidT)}}
	})
	color := &ctype.Type{Kind: ctype.Enum, Name: "color", Size: 4, Values: []ctype.Enumerator{{Name: "RED", Value: 1}}}
	s := &ctype.Type{Kind: ctype.Struct, Name: "s", Size: 32}
	s.SetMembers(func() []ctype.Member {
		return []ctype.Member{
			{Name: "n", Type: ctype.IntT},
			{Name: "zero", Type: ctype.IntT, Offset: 4},
			{Name: "text", Type: ctype.ArrayOf(ctype.Char, 4), Offset: 8},
			{Name: "c", Type: color, Offset: 12},
			{Name: "in", Type: in, Offset: 16},
			{Name: "bits", Type: ctype.UInt, Offset: 24, BitOff: 4, BitSize: 4},
		}
	})
	data := make([]byte, 32)
	data[0], data[8], data[9], data[12], data[16], data[24] = 5, 'h', 'i', 1, 0x10, 0x70
	p := Printer{opts: Options{PrintSize: 100}}
	pad := strings.Repeat(" ", printIndent)
	want := "0x99 = *\n" + pad + "(struct s) {\n" +
		pad + " .n = (int)5,\n" + pad + " .text = (char [4]) [\n" + pad + "  (char)'h',\n" + pad + "  (char)'i',\n" + pad + " ],\n" +
		pad + " .c = (enum color)RED,\n" + pad + " .in = (struct) {\n" + pad + "  .p = (void *)0x10,\n" + pad + " },\n" +
		pad + " .bits = (unsigned int)7,\n" + pad + "}\n"
	if got := p.print(s, 0x99, data); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	p.opts.PrintSize = 8
	if got := p.print(s, 0x99, data); !strings.Contains(got, ".n = (int)5,\n"+pad+" ...\n"+pad+"}\n") {
		t.Errorf("got\n%s", got)
	}
}

// losses are a session's answer about its drops.
type losses struct {
	Source
	n [gen.DropCount][]uint64
}

func (l *losses) Drops() ([gen.DropCount][]uint64, error) { return l.n, nil }

func TestLost(t *testing.T) {
	var out, errs bytes.Buffer
	p := NewPrinter(&out, &errs, nil, nil, Options{})
	l := &losses{}
	l.n[gen.DropPrincipal], l.n[gen.DropDynamic] = []uint64{0, 2}, []uint64{1, 1}
	for range 2 { // what was told is not told again
		if err := p.Lost(l); err != nil {
			t.Fatal(err)
		}
	}
	p.opts.DropTags = true
	l.n[gen.DropPrincipal], l.n[gen.DropSpec] = []uint64{1, 2}, []uint64{0, 1}
	if err := p.Lost(l); err != nil {
		t.Fatal(err)
	}
	want := "dtrace: 2 drops on CPU 1\ndtrace: 2 dynamic variable drops\n" +
		"dtrace: [DTRACEDROP_PRINCIPAL] 1 drop on CPU 0\n" +
		"dtrace: [DTRACEDROP_SPECUNAVAIL] 1 failed speculation (no speculative buffer available)\n"
	if errs.String() != want {
		t.Errorf("got %q, want %q", errs.String(), want)
	}
}

func TestFreopen(t *testing.T) {
	dir := t.TempDir()
	first, err := os.Create(filepath.Join(dir, "first"))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	var errs bytes.Buffer
	p := NewPrinter(first, &errs, nil, nil, Options{})
	say := func(s string) { p.out.WriteString(s) }
	say("1")
	for _, err := range []error{p.freopen(filepath.Join(dir, "other")), p.system("true"), p.system("exit 3")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	say("2")
	if err := p.freopen(filepath.Join(dir, "no/such/dir")); err != nil || !strings.Contains(errs.String(), "failed to open") {
		t.Errorf("got %v and %q", err, errs.String())
	}
	say("3")
	if err := errors.Join(p.freopen(""), p.system("printf 4")); err != nil {
		t.Fatal(err)
	}
	say("5")
	if err := errors.Join(p.Flush(), p.Close()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"first": "145", "other": "23"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
	if err := p.ftruncate(); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "first")); len(got) != 0 {
		t.Errorf("after ftruncate( ): %q", got)
	}
}

func TestSpeculationSize(t *testing.T) {
	var out, errs bytes.Buffer
	p := NewPrinter(&out, &errs, nil, nil, Options{SpecSize: 10})
	rec := make([]byte, gen.HeaderSize+8)
	for range 2 {
		if err := p.hold(1, rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.hold(gen.NoSpeculation, rec); err != nil || len(p.held) != 1 || len(p.held[1].records) != 1 {
		t.Errorf("got %v and %+v", err, p.held)
	}
	if errs.String() != "dtrace: 1 speculative drop\n" {
		t.Errorf("told %q", errs.String())
	}
}
