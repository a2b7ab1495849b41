package cpp

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Options of a run.
type Options struct {
	File    string   // name of the input in messages
	Define  []string // NAME or NAME=VALUE
	Undef   []string
	Include []string // directories for files
	Headers func(path string)
	Open    func(path string) ([]byte, error) // nil for os.ReadFile
}

// Error is everything that is wrong with the input, a line for each.
type Error struct{ Lines []string }

func (e *Error) Error() string { return strings.Join(e.Lines, "\n") }

// group is an #if that is not closed yet.
type group struct {
	line   int
	active bool // this branch is taken
	taken  bool // some branch has been
	dead   bool // the whole group stands in one that is not taken
	els    int  // line of its #else
}

// state is one run.
type state struct {
	o      Options
	macros map[string]*macro
	out    strings.Builder
	errs   []string
	file   string
	line   int
	depth  int
	grown  int

	undefinedOperand bool
}

// maxDepth bounds how deeply files include each other.
const maxDepth = 100

// Process returns the text with its directives carried out. Lines keep their
// numbers: those of other files stand between # markers.
func Process(src string, o Options) (string, error) {
	if o.Open == nil {
		o.Open = os.ReadFile
	}
	p := &state{o: o, macros: map[string]*macro{}, file: o.File}
	for _, d := range append(predefined(), o.Define...) {
		n, v, found := strings.Cut(d, "=")
		if !found {
			v = "1"
		}
		p.define(tokenize(n+" "+v, 0))
	}
	for _, u := range o.Undef {
		delete(p.macros, u)
	}
	p.text(src)
	if len(p.errs) > 0 {
		return "", &Error{p.errs}
	}
	return p.out.String(), nil
}

func (p *state) errorf(format string, args ...any) { p.errorAt(p.line, format, args...) }

func (p *state) errorAt(line int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Sprintf("%s:%d: error: %s", p.file, line, fmt.Sprintf(format, args...)))
}

// text processes a whole file.
func (p *state) text(src string) {
	lines := strings.Split(uncomment(src), "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	var groups []group
	for at := 0; at < len(lines); {
		p.line = at + 1
		line, n := logical(lines[at:])
		at += n
		body := strings.TrimLeft(line, " \t")
		switch {
		case strings.HasPrefix(body, "#!") && p.line == 1:
			p.emit(body, n)
		case strings.HasPrefix(body, "#"):
			groups = p.directive(groups, tokenize(body[1:], p.line), n)
		case !live(groups):
			p.emit("", n)
		default:
			more := func() ([]token, bool) {
				if at >= len(lines) || strings.HasPrefix(strings.TrimLeft(lines[at], " \t"), "#") {
					return nil, false
				}
				line, k := logical(lines[at:])
				toks := tokenize(line, at+1)
				at, n = at+k, n+k
				return toks, true
			}
			text := join(p.expand(tokenize(line, p.line), more))
			p.emit(strings.ReplaceAll(text, "\n", " "), n)
		}
	}
	for _, g := range slices.Backward(groups) {
		p.errorAt(g.line, "unterminated #%s", "if")
	}
}

// emit writes a line, and as many more as it stands for.
func (p *state) emit(text string, lines int) {
	p.out.WriteString(text)
	p.out.WriteString(strings.Repeat("\n", lines))
}

// logical joins a line with those that backslashes continue it on.
func logical(lines []string) (string, int) {
	line, n := lines[0], 1
	for strings.HasSuffix(line, "\\") && n < len(lines) {
		line = line[:len(line)-1] + lines[n]
		n++
	}
	return line, n
}

func live(groups []group) bool {
	return len(groups) == 0 || groups[len(groups)-1].active
}

// uncomment makes each comment a blank; its line ends stay.
func uncomment(s string) string {
	if !strings.Contains(s, "/*") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '"' || c == '\'':
			line, _, _ := strings.Cut(s[i:], "\n")
			n := quoted(line)
			b.WriteString(s[i : i+n])
			i += n
		case strings.HasPrefix(s[i:], "/*"):
			n := strings.Index(s[i+2:], "*/")
			if n < 0 {
				b.WriteString(s[i:]) // the compiler knows better where it began
				return b.String()
			}
			comment := s[i : i+n+4]
			b.WriteByte(' ')
			b.WriteString(strings.Repeat("\n", strings.Count(comment, "\n")))
			i += len(comment)
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

// directive carries out one control line.
func (p *state) directive(groups []group, list []token, lines int) []group {
	list = trim(list)
	word := ""
	if len(list) > 0 {
		word = list[0].s
	}
	var rest []token
	if len(list) > 1 {
		rest = trim(list[1:])
	}
	keep := ""
	switch {
	case word == "if" || word == "ifdef" || word == "ifndef":
		groups = p.open(groups, word, rest)
	case word == "elif" || word == "else" || word == "endif":
		groups = p.turn(groups, word, rest)
	case !live(groups) || word == "":
	case word == "define":
		p.define(rest)
	case word == "undef":
		if len(rest) == 0 || rest[0].kind != name {
			p.errorf("no macro name given in #undef directive")
		} else {
			delete(p.macros, rest[0].s)
		}
	case word == "include":
		p.include(rest, lines)
		return groups
	case word == "error":
		p.errorf("#error %s", join(rest))
	case word == "warning":
	case word == "pragma", word == "line", word == "ident", list[0].kind == number:
		keep = "#" + join(list)
	default:
		p.errorf("invalid preprocessing directive #%s", word)
	}
	p.emit(keep, lines)
	return groups
}

// open begins an #if.
func (p *state) open(groups []group, word string, rest []token) []group {
	g := group{line: p.line, dead: !live(groups)}
	switch {
	case g.dead:
	case word == "if":
		g.active = p.condition(word, rest)
	case len(rest) == 0 || rest[0].kind != name:
		p.errorf("no macro name given in #%s directive", word)
	default:
		g.active = (p.macros[rest[0].s] != nil) == (word == "ifdef")
	}
	g.taken = g.active
	return append(groups, g)
}

// turn is #elif, #else or #endif.
func (p *state) turn(groups []group, word string, rest []token) []group {
	if len(groups) == 0 {
		p.errorf("#%s without #if", word)
		return groups
	}
	g := &groups[len(groups)-1]
	if word == "endif" {
		return groups[:len(groups)-1]
	}
	if g.els > 0 {
		p.errorf("#%s after #else", word)
		p.errorAt(g.line, "the conditional began here")
		return groups
	}
	if word == "else" {
		g.els = p.line
		g.active = !g.dead && !g.taken
	} else {
		g.active = !g.dead && !g.taken && p.condition(word, rest)
	}
	g.taken = g.taken || g.active
	return groups
}

// define reads NAME BODY or NAME(PARAMETERS) BODY.
func (p *state) define(list []token) {
	if len(list) == 0 {
		p.errorf("no macro name given in #define directive")
		return
	}
	if list[0].kind != name {
		p.errorf("macro names must be identifiers")
		return
	}
	n := list[0].s
	if n == "defined" {
		p.errorf("\"defined\" cannot be used as a macro name")
		return
	}
	m := &macro{body: trim(list[1:])}
	if len(list) > 1 && list[1].s == "(" {
		rest, ok := p.parameters(m, list[2:])
		if !ok {
			return
		}
		m.body = trim(rest)
	}
	m.body = tight(m.body)
	if len(m.body) > 0 && (m.body[0].s == "##" || m.body[len(m.body)-1].s == "##") {
		p.errorf("'##' cannot appear at either end of a macro expansion")
		return
	}
	p.macros[n] = m
}

// tight takes the blanks around ## and behind # away.
func tight(list []token) []token {
	var out []token
	for i, t := range list {
		near := i > 0 && list[i-1].s == "##" || i+1 < len(list) && list[i+1].s == "##"
		if t.kind == space && (near || i > 0 && list[i-1].s == "#") {
			continue
		}
		out = append(out, t)
	}
	return out
}

func (p *state) parameters(m *macro, list []token) ([]token, bool) {
	m.function = true
	for i, wantName := 0, true; i < len(list); i++ {
		t := list[i]
		switch {
		case t.kind == space:
		case t.s == ")" && (!wantName || len(m.params) == 0):
			return list[i+1:], true
		case t.s == "..." && wantName:
			m.variadic, wantName = true, false
			m.params = append(m.params, "__VA_ARGS__")
		case t.s == "..." && len(m.params) > 0:
			m.variadic = true // NAME...: the name takes what is left
		case t.kind == name && wantName && !m.variadic:
			m.params = append(m.params, t.s)
			wantName = false
		case t.s == "," && !wantName && !m.variadic:
			wantName = true
		default:
			p.errorf("expected parameter name, found \"%s\"", t.s)
			return nil, false
		}
	}
	p.errorf("expected ')' before end of line")
	return nil, false
}

// include processes another file in the place of the line.
func (p *state) include(rest []token, lines int) {
	rest = trim(rest)
	if len(rest) > 0 && rest[0].kind == name {
		rest = trim(p.expand(rest, none))
	}
	path, system := "", false
	switch s := join(rest); {
	case len(s) > 2 && s[0] == '"' && s[len(s)-1] == '"':
		path = s[1 : len(s)-1]
	case len(s) > 2 && s[0] == '<' && strings.IndexByte(s, '>') > 1:
		path, system = s[1:strings.IndexByte(s, '>')], true
	default:
		p.errorf("#include expects \"FILENAME\" or <FILENAME>")
		return
	}
	if p.depth++; p.depth > maxDepth {
		p.errorf("#include nested depth %d exceeds maximum of %d", p.depth, maxDepth)
		p.depth--
		return
	}
	defer func() { p.depth-- }()
	full, data, err := p.find(path, system)
	if err != nil {
		p.errs = append(p.errs, fmt.Sprintf("%s:%d: fatal error: %s: No such file or directory", p.file, p.line, path), "compilation terminated.")
		return
	}
	if p.o.Headers != nil {
		p.o.Headers(full)
	}
	file, line := p.file, p.line
	fmt.Fprintf(&p.out, "# 1 \"%s\"\n", full)
	p.file = full
	p.text(string(data))
	p.file, p.line = file, line
	back := file
	if p.depth == 1 {
		back = ""
	}
	fmt.Fprintf(&p.out, "# %d \"%s\"\n", line+lines, back)
}

// find looks a file up: beside the one that includes it, then in the
// directories.
func (p *state) find(path string, system bool) (string, []byte, error) {
	var dirs []string
	if !system {
		dirs = append(dirs, filepath.Dir(p.file))
	}
	dirs = append(append(dirs, p.o.Include...), "/usr/include", "/usr/include/"+triplet)
	if filepath.IsAbs(path) {
		dirs = []string{""}
	}
	for _, d := range dirs {
		full := filepath.Join(d, path)
		data, err := p.o.Open(full)
		if err == nil {
			return full, data, nil
		}
		if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrInvalid) {
			continue
		}
	}
	return "", nil, os.ErrNotExist
}
