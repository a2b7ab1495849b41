// Package format is the format language of D's printf and printa: C's
// conversions and D's own. It parses formats and, given values, writes text; it
// knows neither records nor probes.
package format

import (
	"fmt"
	"strings"
)

// Part is literal text (Verb 0), or one conversion.
type Part struct {
	Text string // literal
	N    int    // of a conversion: its number, from 1

	Flags               string // of # 0 - + ' blank
	Width, Prec         int
	HasWidth, HasPrec   bool
	StarWidth, StarPrec bool
	Agg                 bool   // %@: the value of an aggregation
	Size                string // h hh l ll q j z t L w
	Verb                byte
}

// Class says what a conversion can show.
type Class int

// The classes.
const (
	ClassAny Class = iota
	ClassInt
	ClassAddr
	ClassString
	ClassFloat
	ClassStack
)

// Class is the conversion's class.
func (p Part) Class() Class {
	switch p.Verb {
	case 'a', 'A', 'p':
		return ClassAddr
	case 's', 'S':
		return ClassString
	case 'e', 'E', 'f', 'g', 'G':
		return ClassFloat
	case 'k':
		return ClassStack
	}
	return ClassInt
}

// Wants words the class for messages.
func (p Part) Wants() string {
	switch p.Class() {
	case ClassAddr:
		return "pointer or integer"
	case ClassString:
		return "char [] or string (or use stringof)"
	case ClassFloat:
		return "float, double, or long double"
	case ClassStack:
		return "stack"
	}
	return "char, short, int, long, or long long"
}

// Name is the conversion's letters: lld.
func (p Part) Name() string { return p.Size + string(p.Verb) }

const (
	verbs = "aAcCdDeEfgGikopsSTuxXyY%"
	sizes = "hljqztLw"
)

// Parse splits a format into parts.
func Parse(s string) ([]Part, error) {
	var parts []Part
	n := 0
	for s != "" {
		i := strings.IndexByte(s, '%')
		if i != 0 {
			if i < 0 {
				i = len(s)
			}
			parts = append(parts, Part{Text: s[:i]})
			s = s[i:]
			continue
		}
		n++
		p, rest, err := conversion(s[1:], n)
		if err != nil {
			return nil, err
		}
		parts, s = append(parts, p), rest
	}
	return parts, nil
}

// conversion reads one after its percent sign. The @ of an aggregation may
// stand anywhere before the verb.
func conversion(s string, n int) (Part, string, error) {
	p := Part{N: n}
	bad := func(format string, args ...any) (Part, string, error) {
		return p, "", fmt.Errorf("format conversion #%d "+format, append([]any{n}, args...)...)
	}
	for i := 0; i < len(s); i++ {
		ch := s[i]
		switch {
		case ch == '@' && p.Agg:
			return bad("has more than one '@' specified")
		case ch == '@':
			p.Agg = true
		case ch == '?' && !p.HasWidth && !p.HasPrec: // as wide as a pointer in base sixteen
			p.Width, p.HasWidth = 16, true
		case strings.IndexByte("#-+' ", ch) >= 0, ch == '0' && !p.HasWidth && !p.HasPrec:
			p.Flags += string(ch)
		case ch == '*' && p.HasPrec && p.StarPrec:
			return bad("has more than one '*' specified for the output precision")
		case ch == '*' && p.HasPrec:
			p.StarPrec = true
		case ch == '*' && p.HasWidth:
			return bad("has more than one '*' specified for the output width")
		case ch == '*':
			p.StarWidth, p.HasWidth = true, true
		case ch == '.' && p.HasPrec:
			return bad("has more than one '.' specified")
		case ch == '.':
			p.HasPrec = true
		case ch >= '0' && ch <= '9':
			last, err := p.number(s, i)
			if err != nil {
				return p, "", err
			}
			i = last
		case ch == '$':
			return bad("uses unsupported positional format (%%n$)")
		case strings.IndexByte(sizes, ch) >= 0:
			p.Size += string(ch)
		case ch == '%' && i > 0:
			return bad("cannot be combined with other format flags: %%%%")
		case strings.IndexByte(verbs, ch) >= 0 && sizeFits(p.Size, ch):
			p.Verb = ch
			return p, s[i+1:], nil
		default:
			return bad("is undefined: %%%s%c", p.Size, ch)
		}
	}
	if p.Size != "" {
		return bad("is undefined: %%%s", p.Size)
	}
	return bad("name expected before end of format string")
}

// sizeFits reports whether a conversion may have that size before it.
func sizeFits(size string, verb byte) bool {
	switch size {
	case "":
		return true
	case "h", "hh", "l", "ll", "q", "j", "z", "t":
		return strings.IndexByte("dDiouxXcsn", verb) >= 0 || size == "l" && strings.IndexByte("eEfgG", verb) >= 0
	case "L":
		return strings.IndexByte("eEfgGdiouxX", verb) >= 0
	case "w":
		return verb == 'c' || verb == 's'
	}
	return false
}

// mostWidth bounds what a format may pad to.
const mostWidth = 1 << 24

// number reads a width or precision that begins at i and returns its last byte.
func (p *Part) number(s string, i int) (int, error) {
	v, j := 0, i
	for ; j < len(s) && s[j] >= '0' && s[j] <= '9'; j++ {
		if v = v*10 + int(s[j]-'0'); v > mostWidth {
			return 0, fmt.Errorf("format conversion #%d has a width or precision of more than %d", p.N, mostWidth)
		}
	}
	switch {
	case p.HasPrec && (p.StarPrec || p.Prec > 0):
		return 0, fmt.Errorf("format conversion #%d has more than one precision specified", p.N)
	case p.HasPrec:
		p.Prec = v
	case p.HasWidth:
		return 0, fmt.Errorf("format conversion #%d has more than one width specified", p.N)
	default:
		p.Width, p.HasWidth = v, true
	}
	return j - 1, nil
}
