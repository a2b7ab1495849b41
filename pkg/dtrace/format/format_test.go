package format

import (
	"strings"
	"testing"
)

func TestFormat(t *testing.T) {
	num := func(n int64, size int, signed bool) Value { return Value{Int: uint64(n), Size: size, Signed: signed} }
	str := func(s string) Value { return Value{Str: s, IsStr: true} }
	for _, c := range []struct {
		format string
		v      Value
		want   string
	}{
		{"%d", num(-5, 4, true), "-5"},
		{"%i", num(7, 8, true), "7"},
		{"%u", num(-1, 4, true), "4294967295"},
		{"%x", num(-1, 2, true), "ffff"},
		{"%X", num(255, 4, false), "FF"},
		{"%o", num(8, 4, true), "10"},
		{"%#x", num(255, 4, true), "0xff"},
		{"%#o", num(8, 4, true), "010"},
		{"%#x", num(0, 4, true), "0"},
		{"%5d|", num(42, 4, true), "   42|"},
		{"%-5d|", num(42, 4, true), "42   |"},
		{"%05d", num(-42, 4, true), "-0042"},
		{"%+d", num(1, 4, true), "+1"},
		{"% d", num(1, 4, true), " 1"},
		{"%.4d", num(42, 4, true), "0042"},
		{"%'d", num(1234567, 8, true), "1,234,567"},
		{"%hhd", num(257, 4, true), "1"},
		{"%hd", num(65535, 4, true), "-1"},
		{"%d", num(4294967295, 4, false), "4294967295"},
		{"%d", num(-1, 8, true), "-1"},
		{"%s", str("abc"), "abc"},
		{"%6s|", str("abc"), "   abc|"},
		{"%-6s|", str("abc"), "abc   |"},
		{"%.2s", str("abc"), "ab"},
		{"%S", str("a\n\x01"), `a\n\x01`},
		{"%c", num('x', 1, true), "x"},
		{"%c", num(200, 1, false), "\xc8"},
		{"%C", num(10, 1, true), `\n`},
		{"%p", num(255, 8, false), "0xff"},
		{"%a", num(255, 8, false), "0xff"},
		{"%%", Value{}, "%"},
	} {
		parts, err := Parse(c.format)
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		var got string
		for _, p := range parts {
			switch p.Verb {
			case 0:
				got += p.Text
			case '%':
				got += "%"
			default:
				got += p.Format(c.v)
			}
		}
		if got != c.want {
			t.Errorf("%s of %+v: got %q, want %q", c.format, c.v, got, c.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for format, want := range map[string]string{
		"%": "name expected", "%j!": "is undefined: %j!", "%@@d": "more than one '@'", "%5*d": "more than one '*'",
		"%..d": "more than one '.'", "%99999999d": "more than", "%hhhd": "undefined: %hhhd", "%1$d": "positional", "%-%": "cannot be combined", "%z": "undefined: %z", "a %d %5": "#2",
	} {
		if _, err := Parse(format); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", format, err, want)
		}
	}
}

func TestSetWidth(t *testing.T) {
	p := Part{Verb: 'd'}
	p.SetWidth(-4)
	if got := p.Format(Value{Int: 1, Size: 8}); got != "1   " {
		t.Errorf("a negative width: got %q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("%-*.3lld %@d %s %%")
	f.Fuzz(func(t *testing.T, s string) {
		parts, err := Parse(s)
		if err != nil {
			return
		}
		for _, p := range parts {
			if p.Width > 1<<20 || p.Prec > 1<<20 {
				t.Errorf("%q: width %d, precision %d", s, p.Width, p.Prec)
			}
		}
	})
}
