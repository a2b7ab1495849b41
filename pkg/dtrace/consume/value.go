package consume

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// cstring is what stands before the first NUL.
func cstring(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// key writes a key of an aggregation, as wide as its type asks for.
func (p *Printer) key(b *strings.Builder, f gen.Field, data []byte) {
	t := f.Type.Base()
	switch t.Kind {
	case ctype.Stack:
		b.WriteString(p.stack(f, data))
	case ctype.Sym:
		fmt.Fprintf(b, "  %-50s", p.symbol(f, data))
	case ctype.Str:
		fmt.Fprintf(b, "  %-50s", cstring(data))
	case ctype.Pointer:
		fmt.Fprintf(b, " %16x", binary.NativeEndian.Uint64(data))
	case ctype.Int, ctype.Enum:
		width := map[int]int{1: 3, 2: 5, 4: 8, 8: 16}[t.Size]
		b.WriteString(" " + pad(number(t, data), width))
	default:
		dump(b, data[:min(len(data), t.Bytes())])
	}
}

func pad(s string, width int) string { return fmt.Sprintf("%*s", width, s) }

// number is an integer in base ten, as the original shows it: what has 8 or 16
// bits without a sign, all others with one.
func number(t *ctype.Type, data []byte) string {
	v := binary.NativeEndian.Uint64(data)
	switch t.Base().Size {
	case 1:
		return fmt.Sprint(uint8(v))
	case 2:
		return fmt.Sprint(uint16(v))
	case 4:
		return fmt.Sprint(int32(v))
	}
	return fmt.Sprint(int64(v))
}

// value writes the value of an aggregation behind its keys.
func (p *Printer) value(b *strings.Builder, e Entry) {
	switch e.Layout.Agg.Fn {
	case ir.Quantize, ir.Lquantize, ir.Llquantize:
		p.opts.Display.distribution(b, e, p.factor(e.Layout))
	default:
		fmt.Fprintf(b, " %16d", e.Value()/p.factor(e.Layout))
	}
}

// factor is what normalize() divides by.
func (p *Printer) factor(a *gen.AggLayout) int64 {
	if n := p.normal[a.Agg.Index]; n != 0 {
		return n
	}
	return 1
}

// traced writes a value as trace() shows it.
func (p *Printer) traced(f gen.Field, data []byte) {
	t := f.Type.Base()
	switch {
	case t.Kind == ctype.Stack:
		p.out.WriteString(p.stack(f, data))
	case t.Kind == ctype.Sym:
		fmt.Fprintf(p.out, "  %-50s", p.symbol(f, data))
	case t.Kind == ctype.Str && p.opts.RawBytes:
		var b strings.Builder
		dump(&b, data[:min(len(data), p.gen.StringSize())])
		p.out.WriteString(b.String())
	case t.Kind == ctype.Str && p.opts.Quiet:
		p.out.WriteString(cstring(data))
	case t.Kind == ctype.Str:
		fmt.Fprintf(p.out, "  %-33s", cstring(data))
	case t.Kind == ctype.Int || t.Kind == ctype.Enum || t.Kind == ctype.Pointer:
		width := map[int]int{1: 3, 2: 5, 4: 10, 8: 19}[t.Size]
		if p.opts.Quiet {
			p.out.WriteString(number(t, data))
		} else {
			p.out.WriteString(" " + pad(number(t, data), width))
		}
	default:
		var b strings.Builder
		dump(&b, data[:min(len(data), t.Bytes())])
		p.out.WriteString(b.String())
	}
}

// dump writes bytes sixteen a line, in hexadecimal and as characters.
func dump(b *strings.Builder, data []byte) {
	b.WriteString("\n             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef\n")
	for at := 0; at < len(data); at += 16 {
		row := data[at:min(at+16, len(data))]
		fmt.Fprintf(b, "%10x:", at)
		for i := range 16 {
			if i < len(row) {
				fmt.Fprintf(b, " %02x", row[i])
			} else {
				b.WriteString("   ")
			}
		}
		b.WriteString("  ")
		for _, c := range row {
			if c < ' ' || c > '~' {
				c = '.'
			}
			b.WriteByte(c)
		}
		b.WriteString("\n")
	}
}
