// Package zonecfg is the language of zonecfg(8): a parser of its commands and
// an editing session over one zone's configuration. It reaches configurations
// through a Store, speaks through the writers it is given, and touches neither
// terminal nor file of its own.
package zonecfg

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind tells what a Value is.
type Kind int

// The kinds of value: text, (name=value,...) and [a,b].
const (
	Simple Kind = iota
	Complex
	List
)

func (k Kind) String() string { return [...]string{"simple", "complex", "list"}[k] }

// Value is a property's value as it was typed.
type Value struct {
	Kind  Kind
	Text  string  // of a simple one
	Pairs []Pair  // of a complex one, in order
	Items []Value // of a list
}

// Pair is name=value.
type Pair struct {
	Name string
	Text string
}

// Term is one word of a command: a value, or name=value.
type Term struct {
	Name  string // empty for a value alone
	Value Value
}

// Command is one command with what follows its name.
type Command struct {
	Name  string
	Terms []Term
}

// SyntaxError says what cannot be read, and where in the line.
type SyntaxError struct {
	Column int // of the byte, from 1
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("syntax error at column %d: %s", e.Column, e.Reason)
}

// maxTerms bounds a command, maxDepth the nesting of a value.
const (
	maxTerms = 4096
	maxDepth = 8
)

// ParseLine reads the commands of one line: separated by semicolons, up to a
// '#' where a command could begin.
func ParseLine(line string) ([]Command, error) {
	p := parser{s: line}
	if !utf8.ValidString(line) {
		return nil, p.fail("the line is not UTF-8 text")
	}
	var all []Command
	for {
		p.blanks()
		switch {
		case p.end() || p.s[p.i] == '#':
			return all, nil
		case p.eat(';'):
			continue
		}
		c, err := p.command()
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
}

type parser struct {
	s string
	i int
}

func (p *parser) fail(format string, args ...any) error {
	return &SyntaxError{p.i + 1, fmt.Sprintf(format, args...)}
}

func (p *parser) end() bool { return p.i >= len(p.s) }

func (p *parser) eat(c byte) bool {
	if !p.end() && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *parser) blanks() {
	for !p.end() && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *parser) command() (Command, error) {
	name, err := p.text(outside)
	if err != nil {
		return Command{}, err
	}
	c := Command{Name: name}
	for {
		p.blanks()
		if p.end() || p.s[p.i] == ';' {
			return c, nil
		}
		if len(c.Terms) == maxTerms {
			return c, p.fail("too many words")
		}
		t, err := p.term()
		if err != nil {
			return c, err
		}
		c.Terms = append(c.Terms, t)
	}
}

// term reads VALUE or NAME=VALUE; blanks may surround the equals sign.
func (p *parser) term() (Term, error) {
	v, err := p.value(0)
	if err != nil || v.Kind != Simple {
		return Term{Value: v}, err
	}
	before := p.i
	p.blanks()
	if !p.eat('=') {
		p.i = before
		return Term{Value: v}, nil
	}
	p.blanks()
	if p.end() || p.s[p.i] == ';' {
		return Term{Name: v.Text}, nil // name= is the empty value
	}
	t := Term{Name: v.Text}
	t.Value, err = p.value(0)
	return t, err
}

// value reads one value, within depth lists.
func (p *parser) value(depth int) (Value, error) {
	switch {
	case depth > maxDepth:
		return Value{}, p.fail("nested too deep")
	case p.eat('['):
		return p.list(depth)
	case p.eat('('):
		return p.complex()
	}
	stop := outside
	if depth > 0 {
		stop = inside
	}
	text, err := p.text(stop)
	return Value{Text: text}, err
}

func (p *parser) list(depth int) (Value, error) {
	v := Value{Kind: List}
	p.blanks()
	if p.eat(']') {
		return v, nil
	}
	for {
		p.blanks()
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.Items = append(v.Items, item)
		p.blanks()
		if p.eat(']') {
			return v, nil
		}
		if !p.eat(',') {
			return v, p.fail("',' or ']' expected in a list")
		}
	}
}

func (p *parser) complex() (Value, error) {
	v := Value{Kind: Complex}
	for {
		p.blanks()
		name, err := p.text(inside)
		if err != nil {
			return v, err
		}
		p.blanks()
		if !p.eat('=') {
			return v, p.fail("'=' expected after %q", name)
		}
		p.blanks()
		var text string
		if !p.end() && p.s[p.i] != ',' && p.s[p.i] != ')' {
			if text, err = p.text(inside); err != nil {
				return v, err
			}
		}
		v.Pairs = append(v.Pairs, Pair{name, text})
		p.blanks()
		if p.eat(')') {
			return v, nil
		}
		if !p.eat(',') {
			return v, p.fail("',' or ')' expected")
		}
	}
}

// Characters that end a word outside and inside of brackets.
const (
	outside = " \t\r\n\";=[]()"
	inside  = outside + ","
)

// text reads a word, or a quoted text, in which \" \\ and \n stand for a quote,
// a backslash and a line feed.
func (p *parser) text(stop string) (string, error) {
	if p.eat('"') {
		return p.quoted()
	}
	start := p.i
	for !p.end() && strings.IndexByte(stop, p.s[p.i]) < 0 {
		if p.s[p.i] == 0 {
			return "", p.fail("a NUL byte")
		}
		p.i++
	}
	if p.i == start {
		if p.end() {
			return "", p.fail("the line ends where a word should be")
		}
		return "", p.fail("unexpected %q", p.s[p.i])
	}
	return p.s[start:p.i], nil
}

func (p *parser) quoted() (string, error) {
	var b strings.Builder
	for !p.end() {
		c := p.s[p.i]
		p.i++
		switch {
		case c == '"':
			return b.String(), nil
		case c == 0:
			return "", p.fail("a NUL byte")
		case c == '\\' && p.eat('"'):
			b.WriteByte('"')
		case c == '\\' && p.eat('\\'):
			b.WriteByte('\\')
		case c == '\\' && p.eat('n'):
			b.WriteByte('\n')
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail("a quote is not closed")
}

// Quote writes a text so that it reads back as it is, quoted only if need be.
func Quote(text string) string {
	if text != "" && !strings.ContainsAny(text, outside+`\`) && text[0] != '#' {
		return text
	}
	return always(text)
}

func always(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// quoteInside is Quote for what stands within brackets.
func quoteInside(text string) string {
	if strings.Contains(text, ",") {
		return always(text)
	}
	return Quote(text)
}

// String writes a value so that it reads back as it is.
func (v Value) String() string {
	switch v.Kind {
	case Simple:
		return Quote(v.Text)
	case Complex:
		var parts []string
		for _, p := range v.Pairs {
			parts = append(parts, p.Name+"="+quoteInside(p.Text))
		}
		return "(" + strings.Join(parts, ",") + ")"
	}
	var parts []string
	for _, item := range v.Items {
		if item.Kind == Simple {
			parts = append(parts, quoteInside(item.Text))
		} else {
			parts = append(parts, item.String())
		}
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// pair is the text of a name in a complex value.
func (v Value) pair(name string) string {
	for _, p := range v.Pairs {
		if p.Name == name {
			return p.Text
		}
	}
	return ""
}
