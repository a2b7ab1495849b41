package lang

import (
	"strconv"
	"strings"
)

// Options are what the command line adds to a program's text.
type Options struct {
	Args        []string          // $0, $1 ...
	Macros      map[string]string // $pid, $target ...: decimal numbers
	DefaultArgs bool              // -xdefaultargs: missing arguments are 0 or ""
	ProbeSpecs  bool              // -xpspec: a word at the outer level is never a type
	AllowNoBody bool              // a probe description alone will do (dtrace -n)
	IsType      func(name string) bool
	OnPragma    func(p Pragma, o *Options) error // may change the options for what follows

	typedefs map[string]bool
}

func (o *Options) isType(name string) bool {
	return o.typedefs[name] || o.IsType != nil && o.IsType(name)
}

func (o *Options) addType(name string) {
	if o.typedefs == nil {
		o.typedefs = map[string]bool{}
	}
	o.typedefs[name] = true
}

// macro reads $1, $$1, $name or $$name: two dollars always make a string.
func (l *lexer) macro(tok *Token) error {
	start := l.at
	l.advance(1)
	quote := l.peekByte(0) == '$'
	if quote {
		l.advance(1)
	}
	name := l.take(isWordByte)
	value, err := l.lookup(tok.Pos, l.src[start:l.at], name, quote)
	if err != nil {
		return err
	}
	if quote || !isPlain(value) {
		tok.Kind, tok.Text = String, unescape(unquote(value))
		return nil
	}
	if strings.IndexByte("+-0123456789", value[0]) >= 0 {
		return macroNumber(tok, l.src[start:l.at], value)
	}
	sub := lexer{src: value, opts: l.opts}
	sub.word(tok)
	return nil
}

func (l *lexer) lookup(pos Pos, text, name string, quote bool) (string, error) {
	if name == "" {
		return "", l.errorf("syntax error near \"$\"")
	}
	if n, err := strconv.Atoi(name); err == nil {
		return l.argument(pos, text, n, quote)
	}
	if v, ok := l.opts.Macros[name]; ok {
		return v, nil
	}
	return "", Errorf(pos, TagMacroUndef, "macro variable %s is not defined", text)
}

func (l *lexer) argument(pos Pos, text string, n int, quote bool) (string, error) {
	l.argUsed[n] = true
	switch {
	case n < len(l.opts.Args):
		return l.opts.Args[n], nil
	case l.opts.DefaultArgs && quote:
		return "", nil
	case l.opts.DefaultArgs:
		return "0", nil
	}
	return "", Errorf(pos, TagMacroUndef, "macro argument %s is not defined", text)
}

func macroNumber(tok *Token, text, value string) error {
	tok.Kind, tok.Text = Int, text
	digits := strings.TrimLeft(value, "+-")
	n, err := parseNumber(digits)
	if err != nil {
		tag := err.Tag
		if tag == TagIntOflow {
			tag = TagMacroOflow
		}
		return Errorf(tok.Pos, tag, "macro argument %s constant %s results in integer overflow", text, value)
	}
	n.Negative = value[0] == '-'
	tok.Num = n
	return nil
}

// isPlain reports whether a macro's value is one number or one name; anything
// else is a string.
func isPlain(v string) bool {
	if v == "" {
		return false
	}
	body := v
	if v[0] == '-' || v[0] == '+' {
		body = v[1:]
	}
	if body == "" {
		return false
	}
	if isDigit(body[0]) {
		_, err := parseNumber(body)
		return err == nil || err.Tag == TagIntOflow
	}
	return body == v && strings.IndexFunc(v, func(r rune) bool { return r > 127 || !isNameByte(byte(r)) }) < 0
}

func unquote(v string) string {
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
		return v[1 : len(v)-1]
	}
	return v
}

// expandSpec replaces the macros in a probe description: pid$target:::entry.
func (l *lexer) expandSpec(pos Pos, spec string) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(spec, "$")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		quote := strings.HasPrefix(rest, "$")
		rest = strings.TrimPrefix(rest, "$")
		n := 0
		for n < len(rest) && isWordByte(rest[n]) && (!isDigit(rest[0]) || isDigit(rest[n])) {
			n++
		}
		value, err := l.lookup(pos, "$"+rest[:n], rest[:n], quote)
		if err != nil {
			return "", err
		}
		b.WriteString(unquote(value))
		spec = rest[n:]
	}
}

// unusedArg is the last argument that a program never names, 0 for none.
func (l *lexer) unusedArg() int {
	for n := len(l.opts.Args) - 1; n > 0; n-- {
		if !l.argUsed[n] {
			return n
		}
	}
	return 0
}
