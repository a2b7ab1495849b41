package cpp

import (
	"strconv"
	"strings"
)

// macro is a definition.
type macro struct {
	function bool
	params   []string
	variadic bool // the last parameter takes all that is left
	body     []token
}

// maxTokens bounds what macros may grow to.
const maxTokens = 1 << 17

// expand replaces the macros in list. more is asked for the next line when an
// argument list does not end in this one.
func (p *state) expand(list []token, more func() ([]token, bool)) []token {
	var out []token
	for len(list) > 0 {
		if p.grown++; p.grown > maxTokens {
			p.errorf("macros expand to more than %d tokens", maxTokens)
			return out
		}
		t := list[0]
		list = list[1:]
		m := p.macros[t.s]
		if t.kind != name || t.hide.has(t.s) || m == nil {
			out = append(out, p.special(t))
			continue
		}
		if !m.function {
			list = append(p.substitute(m, t, nil, t.hide), list...)
			continue
		}
		args, rest, ok := p.arguments(t, m, list, more)
		if !ok {
			out = append(out, t)
			list = rest
			continue
		}
		list = append(p.substitute(m, t, args, t.hide), rest...)
	}
	return out
}

// special is __LINE__ and __FILE__, or the token as it is.
func (p *state) special(t token) token {
	if t.kind != name {
		return t
	}
	switch t.s {
	case "__LINE__":
		return token{kind: number, s: strconv.Itoa(t.line)}
	case "__FILE__":
		return token{kind: text, s: strconv.Quote(p.file)}
	}
	return t
}

// arguments takes the argument list of a macro's use. Without one the name
// stands for itself.
func (p *state) arguments(t token, m *macro, list []token, more func() ([]token, bool)) ([][]token, []token, bool) {
	i := 0
	get := func() (token, bool) {
		for i >= len(list) {
			line, ok := more()
			if !ok {
				return token{kind: end}, false
			}
			list = append(list, token{kind: space, s: "\n"})
			list = append(list, line...)
		}
		i++
		return list[i-1], true
	}
	start := len(list)
	first, ok := get()
	for ok && first.kind == space {
		first, ok = get()
	}
	if !ok || first.s != "(" {
		if len(list) > start { // lines that were asked for are taken
			return nil, list, false
		}
		return nil, list[:start:start], false
	}
	args := [][]token{nil}
	for depth := 0; ; {
		a, ok := get()
		if !ok {
			p.errorAt(t.line, "unterminated argument list invoking macro \"%s\"", t.s)
			return nil, nil, false
		}
		switch {
		case a.s == ")" && depth == 0:
			return p.fit(t, m, args), list[i:], true
		case a.s == "," && depth == 0 && (!m.variadic || len(args) < len(m.params)):
			args = append(args, nil)
			continue
		case a.s == "(":
			depth++
		case a.s == ")":
			depth--
		}
		args[len(args)-1] = append(args[len(args)-1], a)
	}
}

// fit makes the arguments as many as the parameters, or says that they are not.
func (p *state) fit(t token, m *macro, args [][]token) [][]token {
	for i := range args {
		args[i] = trim(args[i])
	}
	if len(m.params) == 0 && len(args) == 1 && len(args[0]) == 0 {
		return nil
	}
	if m.variadic && len(args) == len(m.params)-1 {
		args = append(args, nil)
	}
	switch {
	case len(args) < len(m.params):
		p.errorAt(t.line, "macro \"%s\" requires %d arguments, but only %d given", t.s, len(m.params), len(args))
	case len(args) > len(m.params):
		p.errorAt(t.line, "macro \"%s\" passed %d arguments, but takes just %d", t.s, len(args), len(m.params))
	}
	for len(args) < len(m.params) {
		args = append(args, nil)
	}
	return args
}

// substitute is a macro's body with its arguments.
func (p *state) substitute(m *macro, t token, args [][]token, hide *hidden) []token {
	hide = &hidden{t.s, hide}
	var out []token
	body := m.body
	for i := 0; i < len(body); i++ {
		b := body[i]
		arg, isArg := m.argument(b, args)
		switch {
		case b.s == "#" && m.function && i+1 < len(body):
			if a, ok := m.argument(body[i+1], args); ok {
				out = append(out, token{kind: text, s: stringify(a)})
				i++
				continue
			}
			out = append(out, b)
		case b.s == "##" && i+1 < len(body):
			i++
			next, ok := m.argument(body[i], args)
			if !ok {
				next = []token{body[i]}
			}
			out = paste(out, next)
		case isArg && i+1 < len(body) && body[i+1].s == "##":
			out = append(out, arg...)
		case isArg:
			out = append(out, p.expand(append([]token(nil), arg...), none)...)
		default:
			out = append(out, b)
		}
	}
	for i := range out {
		out[i].line = t.line
		out[i].hide = union(out[i].hide, hide)
	}
	return out
}

func none() ([]token, bool) { return nil, false }

func union(a, b *hidden) *hidden {
	if a == nil {
		return b
	}
	for ; b != nil; b = b.rest {
		if !a.has(b.name) {
			a = &hidden{b.name, a}
		}
	}
	return a
}

// argument is what a token of the body stands for, if it is a parameter.
func (m *macro) argument(t token, args [][]token) ([]token, bool) {
	if t.kind != name || !m.function {
		return nil, false
	}
	for i, p := range m.params {
		if p == t.s && i < len(args) {
			return args[i], true
		}
	}
	return nil, false
}

func stringify(list []token) string {
	var b strings.Builder
	for _, t := range list {
		switch t.kind {
		case space:
			b.WriteByte(' ')
		case text:
			b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(t.s))
		default:
			b.WriteString(t.s)
		}
	}
	return `"` + b.String() + `"`
}

// paste joins the last token of a with the first of b.
func paste(a, b []token) []token {
	a, b = trim(a), trim(b)
	if len(a) == 0 || len(b) == 0 {
		return append(a, b...)
	}
	last := a[len(a)-1]
	joined := tokenize(last.s+b[0].s, last.line)
	return append(append(a[:len(a)-1:len(a)-1], joined...), b[1:]...)
}
