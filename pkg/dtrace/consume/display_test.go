package consume

import (
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// shown is what a list of entries prints.
func shown(d Display, entries []Entry) string {
	var out strings.Builder
	p := NewPrinter(&out, &out, nil, nil, Options{Display: d})
	p.aggregation(entries)
	if err := p.Flush(); err != nil {
		return err.Error()
	}
	return out.String()
}

func TestHistogram(t *testing.T) {
	l := layout(ir.Sum)
	got := shown(Display{Histogram: true}, []Entry{entry(l, 7, 1, 30), entry(l, 12, 1, 10)})
	want := "\n" +
		"             key  ------------- Distribution ------------- count    \n" +
		"              12 |@@@@@@@@@@                               10       \n" +
		"               7 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@           30       \n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	zoomed := shown(Display{Histogram: true, Zoom: true}, []Entry{entry(l, 7, 1, 30), entry(l, 12, 1, 15)})
	if !strings.Contains(zoomed, "7 |"+strings.Repeat("@", 40)+" 30") || !strings.Contains(zoomed, "12 |"+strings.Repeat("@", 20)+" ") {
		t.Errorf("zoomed:\n%s", zoomed)
	}
	both := shown(Display{Histogram: true}, []Entry{entry(l, 7, 1, 30), entry(l, 12, 1, -30)})
	if !strings.Contains(both, "@@@@@@@@@@|"+strings.Repeat(" ", 20)+" -30") {
		t.Errorf("negative:\n%s", both)
	}
	none := shown(Display{Histogram: true}, nil)
	if none != "" {
		t.Errorf("nothing: %q", none)
	}
}

// TestHistogramWithoutKeys leaves a single number what it is.
func TestHistogramWithoutKeys(t *testing.T) {
	g := gen.New(&ir.Program{Aggs: []*ir.Agg{{Name: "a", Fn: ir.Count}}}, gen.Options{StrSize: 16, Specs: 1, CPU: -1})
	if got, want := shown(Display{Histogram: true}, []Entry{NewEntry(g.Aggs[0], make([]byte, 8), [][]byte{{3, 0, 0, 0, 0, 0, 0, 0}})}), "                3\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPacked(t *testing.T) {
	l := layout(ir.Quantize)
	one, two := make([]int64, 1+gen.QuantizeBuckets), make([]int64, 1+gen.QuantizeBuckets)
	one[0], one[1+66] = 4, 4               // 4..7
	two[0], two[1+64], two[1+67] = 8, 1, 7 // 1, and 8..15
	got := shown(Display{Pack: true}, []Entry{entry(l, 1, one...), entry(l, 2, two...)})
	want := "\n" +
		"             key min .------. max | count\n" +
		"               1   0 :   █  : 16  | 4\n" +
		"               2   0 : ▁  ▇ : 16  | 8\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	empty := make([]int64, 1+gen.QuantizeBuckets)
	if got := shown(Display{Pack: true}, []Entry{entry(l, 1, empty...)}); !strings.Contains(got, ":   : 1 ") {
		t.Errorf("nothing counted:\n%s", got)
	}
}

// TestZoom makes the largest bucket a whole bar.
func TestZoom(t *testing.T) {
	l := layout(ir.Lquantize, 0, 2, 1)
	got := shown(Display{Zoom: true}, []Entry{entry(l, 1, 9, 0, 3, 6, 0)})
	if !strings.Contains(got, "0 |"+strings.Repeat("@", 20)+strings.Repeat(" ", 20)+" 3") || !strings.Contains(got, "1 |"+strings.Repeat("@", 40)+" 6") {
		t.Errorf("got\n%s", got)
	}
}

// TestKeysByWidth shows integers as the original does: short ones without a
// sign, others with one.
func TestKeysByWidth(t *testing.T) {
	for _, c := range []struct {
		t    *ctype.Type
		want string
	}{
		{ctype.Char, "255"},
		{ctype.UChar, "255"},
		{ctype.Integer(2, true), "65535"},
		{ctype.IntT, "-1"},
		{ctype.UInt, "-1"},
		{ctype.Long, "-1"},
		{ctype.ULong, "-1"},
	} {
		if got := number(c.t, []byte{255, 255, 255, 255, 255, 255, 255, 255}); got != c.want {
			t.Errorf("%s: got %s, want %s", c.t, got, c.want)
		}
	}
}

// TestDistributionOrder tells apart sums that are the same as floating-point
// numbers.
func TestDistributionOrder(t *testing.T) {
	l := layout(ir.Lquantize, 0, 10, 1)
	less, more := make([]int64, 13), make([]int64, 13)
	less[0], less[2+2] = 1, 1<<62
	more[0], more[2+2], more[2+1] = 2, 1<<62, 1
	list := []Entry{entry(l, 1, more...), entry(l, 2, less...)}
	Order{}.Sort(list)
	if number(ctype.IntT, list[0].Key) != "2" {
		t.Errorf("the greater one came first")
	}
}
