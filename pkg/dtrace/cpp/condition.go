package cpp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// condition computes the expression of #if.
type condition struct {
	toks  []token
	at    int
	err   error
	depth int
}

// condition reports whether the expression of an #if holds.
func (p *state) condition(directive string, list []token) bool {
	var toks []token
	for _, t := range p.expand(p.definedIn(list), none) {
		if t.kind != space {
			toks = append(toks, t)
		}
	}
	if p.undefinedOperand {
		p.undefinedOperand = false
		return false
	}
	if len(toks) == 0 {
		p.errorf("#%s with no expression", directive)
		return false
	}
	c := condition{toks: toks}
	v := c.binary(0)
	if c.err == nil && c.at < len(toks) {
		c.err = fmt.Errorf("missing binary operator before token \"%s\"", toks[c.at].s)
	}
	if c.err != nil {
		p.errorf("%v", c.err)
	}
	return c.err == nil && v != 0
}

// definedIn replaces defined NAME and defined(NAME) by 1 or 0.
func (p *state) definedIn(list []token) []token {
	list = trim(list)
	var out []token
	for i := 0; i < len(list); i++ {
		if list[i].kind != name || list[i].s != "defined" {
			out = append(out, list[i])
			continue
		}
		rest := trim(list[i+1:])
		paren := len(rest) > 0 && rest[0].s == "("
		if paren {
			rest = trim(rest[1:])
		}
		if len(rest) == 0 || rest[0].kind != name {
			p.errorf("operator \"defined\" requires an identifier")
			p.undefinedOperand = true
			return nil
		}
		value := "0"
		if p.macros[rest[0].s] != nil {
			value = "1"
		}
		out = append(out, token{kind: number, s: value})
		rest = rest[1:]
		if paren {
			if rest = trim(rest); len(rest) == 0 || rest[0].s != ")" {
				p.errorf("missing ')' after \"defined\"")
				p.undefinedOperand = true
				return nil
			}
			rest = rest[1:]
		}
		list, i = rest, -1
	}
	return out
}

func (c *condition) peek() string {
	if c.at < len(c.toks) {
		return c.toks[c.at].s
	}
	return ""
}

// levels of precedence, from the loosest.
var levels = [...][]string{
	{"||"}, {"&&"}, {"|"}, {"^"}, {"&"}, {"==", "!="}, {"<", "<=", ">", ">="}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"},
}

func (c *condition) binary(level int) int64 {
	if level == len(levels) {
		return c.unary()
	}
	if level == 0 {
		if c.depth++; c.depth > 200 {
			c.err = errors.New("expression nested too deeply")
			return 0
		}
		defer func() { c.depth-- }()
	}
	v := c.binary(level + 1)
	for c.err == nil {
		op := ""
		for _, o := range levels[level] {
			if c.peek() == o {
				op = o
			}
		}
		if op == "" {
			break
		}
		c.at++
		v = c.apply(op, v, c.binary(level+1))
	}
	if level == 0 && c.peek() == "?" && c.err == nil {
		return c.ternary(v)
	}
	return v
}

func (c *condition) ternary(v int64) int64 {
	c.at++
	a := c.binary(0)
	if c.peek() != ":" {
		c.err = errors.New("'?' without following ':'")
		return 0
	}
	c.at++
	b := c.binary(0)
	if v != 0 {
		return a
	}
	return b
}

func (c *condition) apply(op string, a, b int64) int64 {
	is := func(v bool) int64 {
		if v {
			return 1
		}
		return 0
	}
	switch op {
	case "||":
		return is(a != 0 || b != 0)
	case "&&":
		return is(a != 0 && b != 0)
	case "|":
		return a | b
	case "^":
		return a ^ b
	case "&":
		return a & b
	case "==":
		return is(a == b)
	case "!=":
		return is(a != b)
	case "<":
		return is(a < b)
	case "<=":
		return is(a <= b)
	case ">":
		return is(a > b)
	case ">=":
		return is(a >= b)
	case "<<":
		return a << (uint64(b) & 63)
	case ">>":
		return a >> (uint64(b) & 63)
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	}
	if b == 0 {
		c.err = errors.New("division by zero in #if")
		return 0
	}
	if op == "/" {
		return a / b
	}
	return a % b
}

func (c *condition) unary() int64 {
	if c.err != nil {
		return 0
	}
	if c.at >= len(c.toks) {
		c.err = fmt.Errorf("#if with no expression")
		if c.at > 0 {
			c.err = fmt.Errorf("operator '%s' has no right operand", c.toks[c.at-1].s)
		}
		return 0
	}
	if c.depth++; c.depth > 200 {
		c.err = errors.New("expression nested too deeply")
		return 0
	}
	defer func() { c.depth-- }()
	t := c.toks[c.at]
	c.at++
	switch t.s {
	case "!":
		if c.unary() == 0 {
			return 1
		}
		return 0
	case "-":
		return -c.unary()
	case "+":
		return c.unary()
	case "~":
		return ^c.unary()
	case "(":
		v := c.binary(0)
		if c.peek() != ")" && c.err == nil {
			c.err = errors.New("missing ')' in expression")
		}
		c.at++
		return v
	}
	return c.primary(t)
}

func (c *condition) primary(t token) int64 {
	switch {
	case t.kind == name:
		return 0 // no macro: C says so
	case t.kind == number:
		v, err := strconv.ParseUint(strings.TrimRight(t.s, "uUlL"), 0, 64)
		if err != nil {
			c.err = fmt.Errorf("invalid number \"%s\" in expression", t.s)
		}
		return int64(v)
	case t.kind == text && t.s[0] == '\'' && len(t.s) >= 3:
		r, _, _, err := strconv.UnquoteChar(t.s[1:len(t.s)-1], '\'')
		if err != nil {
			c.err = errors.New("invalid character constant in expression")
		}
		return int64(r)
	}
	c.err = fmt.Errorf("token \"%s\" is not valid in preprocessor expressions", t.s)
	return 0
}
