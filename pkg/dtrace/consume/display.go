package consume

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// Display is how aggregations are shown.
type Display struct {
	Pack      bool // a distribution on one line
	Histogram bool // bars for counts and sums
	Zoom      bool // the longest bar is that of the largest count
}

// isDistribution reports a function that counts in buckets.
func isDistribution(fn ir.AggFunc) bool {
	return fn == ir.Quantize || fn == ir.Lquantize || fn == ir.Llquantize
}

// whole is what a full bar stands for: the sum of all counts, or with zoom the
// largest one.
func (d Display) whole(counts []int64) float64 {
	sum, most := 0.0, 0.0
	for _, n := range counts {
		v := math.Abs(float64(n))
		sum, most = sum+v, max(most, v)
	}
	if d.Zoom {
		return most
	}
	return sum
}

// special writes an aggregation in another way than one entry after the other.
// It reports whether it did.
func (p *Printer) special(b *strings.Builder, entries []Entry) bool {
	if len(entries) == 0 {
		return false
	}
	l := entries[0].Layout
	switch fn := l.Agg.Fn; {
	case isDistribution(fn) && p.opts.Display.Pack:
		p.packed(b, entries)
	case !isDistribution(fn) && p.opts.Display.Histogram && len(l.Keys) > 0:
		p.histogram(b, entries)
	default:
		return false
	}
	return true
}

// keyTexts are the keys of entries without the width that lists give them, and
// how wide the widest is. Stacks stay above the line.
func (p *Printer) keyTexts(entries []Entry) (texts []string, width int) {
	for _, e := range entries {
		var parts []string
		for _, f := range e.Layout.Keys {
			var k strings.Builder
			p.key(&k, f, e.Key[f.Off:f.Off+f.Size])
			parts = append(parts, strings.TrimSpace(k.String()))
		}
		texts = append(texts, strings.Join(parts, " "))
		width = max(width, utf8.RuneCountInString(lastLine(texts[len(texts)-1])))
	}
	return texts, width
}

func lastLine(s string) string { return s[strings.LastIndexByte(s, '\n')+1:] }

// onLine is a key whose last line is as wide as the others.
func onLine(key string, width int) string {
	last := lastLine(key)
	return key[:len(key)-len(last)] + strings.Repeat(" ", width-utf8.RuneCountInString(last)) + last
}

// histogram writes a bar for each key.
func (p *Printer) histogram(b *strings.Builder, entries []Entry) {
	texts, width := p.keyTexts(entries)
	width = max(width, 16)
	counts := make([]int64, len(entries))
	for i, e := range entries {
		counts[i] = e.Value()
	}
	fmt.Fprintf(b, "\n%*s %41s %-9s\n", width, "key", "------------- Distribution -------------", "count")
	whole := p.opts.Display.whole(counts)
	pos := slices.ContainsFunc(counts, func(n int64) bool { return n > 0 })
	neg := slices.ContainsFunc(counts, func(n int64) bool { return n < 0 })
	for i, e := range entries {
		fmt.Fprintf(b, "%s %s %-9d\n", onLine(texts[i], width), marks(float64(counts[i]), whole, pos, neg), counts[i]/p.factor(e.Layout))
	}
}

// shades are how full a bucket of a packed distribution is.
var shades = [...]string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// packed writes each distribution on one line, all with the same buckets.
func (p *Printer) packed(b *strings.Builder, entries []Entry) {
	texts, width := p.keyTexts(entries)
	width = max(width, 16)
	first, last := usedBuckets(entries)
	e := entries[0]
	low, high := label(e.Layout.Agg, e, first), label(e.Layout.Agg, e, last)
	side := max(len(low), len(high), 3)
	line := strings.Repeat("-", last-first+1)
	fmt.Fprintf(b, "\n%*s %*s .%s. %-*s | count\n", width, "key", side, "min", line, side, "max")
	for i, e := range entries {
		counts := e.Words[1:]
		whole := p.opts.Display.whole(counts)
		fmt.Fprintf(b, "%s %*s :", onLine(texts[i], width), side, low)
		for _, n := range counts[first : last+1] {
			b.WriteString(shade(n, whole))
		}
		sum := int64(0)
		for _, n := range counts {
			sum += n
		}
		fmt.Fprintf(b, ": %-*s | %d\n", side, high, sum/p.factor(e.Layout))
	}
}

// shade is the mark of a bucket: any count that is not zero shows.
func shade(n int64, whole float64) string {
	if n == 0 || whole == 0 {
		return shades[0]
	}
	i := int(math.Ceil(math.Abs(float64(n)) / whole * float64(len(shades)-1)))
	return shades[min(max(i, 1), len(shades)-1)]
}

// usedBuckets are the first and the last bucket that any entry uses, with one
// more on each side.
func usedBuckets(entries []Entry) (first, last int) {
	n := len(entries[0].Words) - 1
	first, last = n-1, 0
	for _, e := range entries {
		for i, c := range e.Words[1:] {
			if c != 0 {
				first, last = min(first, i), max(last, i)
			}
		}
	}
	if first > last {
		first, last = emptyRange(entries[0])
	}
	return widen(entries[0], first, last, n-1)
}
