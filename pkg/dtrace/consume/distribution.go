package consume

import (
	"fmt"
	"math"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// distribution writes the rows of quantize() and its kin: all buckets from one
// before the first that is used to one after the last.
func (d Display) distribution(b *strings.Builder, e Entry, normal int64) {
	counts := e.Words[1:]
	first, last := 0, len(counts)-1
	for first < last && counts[first] == 0 {
		first++
	}
	for last > first && counts[last] == 0 {
		last--
	}
	if counts[first] == 0 { // nothing but zero weights: show where zero is
		first, last = emptyRange(e)
	}
	first, last = widen(e, first, last, len(counts)-1)
	fmt.Fprintf(b, "\n%16s %41s %-9s\n", "value", "------------- Distribution -------------", "count")
	total, pos, neg := d.whole(counts), false, false
	for _, n := range counts {
		pos, neg = pos || n > 0, neg || n < 0
	}
	for i := first; i <= last; i++ {
		fmt.Fprintf(b, "%16s ", label(e.Layout.Agg, e, i))
		b.WriteString(marks(float64(counts[i]), total, pos, neg))
		fmt.Fprintf(b, " %-9d\n", counts[i]/normal)
	}
}

func emptyRange(e Entry) (int, int) {
	if e.Layout.Agg.Fn == ir.Lquantize { // there may be no such bucket: the first ones
		return 1, 1
	}
	for i := range e.Words[1:] {
		if e.bucketValue(i) == 0 {
			return i, i
		}
	}
	return 0, 0
}

func widen(_ Entry, first, last, most int) (int, int) {
	return max(first-1, 0), min(last+1, most)
}

// label names a bucket.
func label(a *ir.Agg, e Entry, i int) string {
	last := len(e.Words) - 2
	switch {
	case a.Fn == ir.Lquantize && i == 0:
		return fmt.Sprintf("< %d", a.Args[0])
	case a.Fn == ir.Lquantize && i == last:
		return fmt.Sprintf(">= %d", a.Args[0]+int64(last-1)*a.Args[2])
	case a.Fn == ir.Llquantize && i == last:
		return fmt.Sprintf(">= %d", e.bucketValue(i))
	case a.Fn == ir.Llquantize && i == 0:
		return fmt.Sprintf("<= %d", e.bucketValue(i))
	case a.Fn == ir.Llquantize && e.bucketValue(i) == 0 && e.bucketValue(i+1) > 1:
		return fmt.Sprintf("< %d", e.bucketValue(i+1))
	}
	return fmt.Sprint(e.bucketValue(i))
}

// marks draws the bar: from the left for positive counts, from the right for
// negative ones, from the middle when there are both.
func marks(n, total float64, pos, neg bool) string {
	const at = "@"
	switch {
	case !neg:
		k := bar(n, total)
		return "|" + strings.Repeat(at, k) + strings.Repeat(" ", maxBar-k)
	case !pos:
		k := bar(n, total)
		return strings.Repeat(" ", maxBar-k) + strings.Repeat(at, k) + "|"
	}
	half := maxBar / 2
	k := min(int(math.Floor(math.Abs(n)*float64(half)/total+0.5)), half)
	if n <= 0 {
		return strings.Repeat(" ", half-k) + strings.Repeat(at, k) + "|" + strings.Repeat(" ", half)
	}
	return strings.Repeat(" ", half) + "|" + strings.Repeat(at, k) + strings.Repeat(" ", half-k)
}
