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
	i := 0
	for ; i < len(s); i++ {
		ch := s[i]
		switch {
		case ch == '@':
			if p.Agg {
				return p, "", fmt.Errorf("format conversion #%d has more than one '@' specified", n)
			}
			p.Agg = true
		case strings.IndexByte("#-+' ", ch) >= 0, ch == '0' && !p.HasWidth && !p.HasPrec:
			p.Flags += string(ch)
		case ch == '*' && p.HasPrec:
			if p.StarPrec || p.Prec > 0 {
				return p, "", fmt.Errorf("format conversion #%d has more than one precision specified", n)
			}
			p.StarPrec = true
		case ch == '*':
			if p.HasWidth {
				return p, "", fmt.Errorf("format conversion #%d has more than one width specified", n)
			}
			p.StarWidth, p.HasWidth = true, true
		case ch == '.':
			if p.HasPrec {
				return p, "", fmt.Errorf("format conversion #%d has more than one '.' specified", n)
			}
			p.HasPrec = true
		case ch >= '0' && ch <= '9':
			var err error
			if i, err = p.number(s, i); err != nil {
				return p, "", err
			}
		case strings.IndexByte(sizes, ch) >= 0:
			p.Size += string(ch)
			if len(p.Size) > 2 {
				return p, "", fmt.Errorf("format conversion #%d has an invalid size %q", n, p.Size)
			}
		case strings.IndexByte(verbs, ch) >= 0:
			p.Verb = ch
			return p, s[i+1:], nil
		default:
			return p, "", fmt.Errorf("format conversion #%d: %%%c is not a valid format conversion", n, ch)
		}
	}
	return p, "", fmt.Errorf("format conversion #%d is not followed by a conversion character", n)
}

// number reads a width or precision that begins at i and returns its last byte.
func (p *Part) number(s string, i int) (int, error) {
	v, j := 0, i
	for ; j < len(s) && s[j] >= '0' && s[j] <= '9'; j++ {
		if v = v*10 + int(s[j]-'0'); v > 1<<20 {
			return 0, fmt.Errorf("format conversion #%d has a width or precision of more than %d", p.N, 1<<20)
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
