package lang

import (
	"strings"
)

// mode is what the parser expects next: D's outer level, where a word is a
// probe description unless it names a type, or an expression or declaration.
type mode int

const (
	outer mode = iota
	inner
)

// lexer cuts the source into tokens. The parser asks for them one by one with
// the mode they stand in, so there is never a token ahead that was read wrongly.
type lexer struct {
	src  string
	at   int
	pos  Pos
	bol  bool // only white space so far on this line
	opts *Options

	parens, brackets, braces int
	inPredicate              bool
	pragmas                  []Pragma
	argUsed                  map[int]bool
}

func newLexer(src string, opts *Options) *lexer {
	return &lexer{src: src, pos: Pos{Line: 1}, bol: true, opts: opts, argUsed: map[int]bool{}}
}

func (l *lexer) peekByte(ahead int) byte {
	if l.at+ahead < len(l.src) {
		return l.src[l.at+ahead]
	}
	return 0
}

// advance steps over n bytes, counting lines.
func (l *lexer) advance(n int) {
	for range n {
		if l.src[l.at] == '\n' {
			l.pos.Line++
			l.bol = true
		} else if !isSpace(l.src[l.at]) {
			l.bol = false
		}
		l.at++
	}
}

// next returns the next token in the given mode.
func (l *lexer) next(m mode) (Token, error) {
	if err := l.skip(); err != nil {
		return Token{}, err
	}
	tok := Token{Pos: l.pos}
	if l.at >= len(l.src) {
		tok.Kind, tok.Text = EOF, "end-of-input"
		if l.braces > 0 || l.inPredicate {
			tok.Text = "end of input"
		}
		return tok, nil
	}
	var err error
	if m == outer {
		err = l.outerToken(&tok)
	} else {
		err = l.innerToken(&tok)
	}
	tok.end = l.at
	return tok, err
}

// skip steps over white space, comments and control lines.
func (l *lexer) skip() error {
	for l.at < len(l.src) {
		c := l.src[l.at]
		switch {
		case isSpace(c):
			l.advance(1)
		case c == '\\' && l.peekByte(1) == '\n':
			l.advance(2)
		case c == '/' && l.peekByte(1) == '*':
			if err := l.comment(); err != nil {
				return err
			}
		case c == '#' && l.bol:
			if err := l.control(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) comment() error {
	rest := l.src[l.at+2:]
	end := strings.Index(rest, "*/")
	if nested := strings.Index(rest, "/*"); nested >= 0 && (end < 0 || nested < end) {
		l.advance(2 + nested)
		return l.errorf("/* encountered inside a comment")
	}
	if end < 0 {
		l.advance(len(l.src) - l.at)
		return l.errorf("end-of-file encountered before matching */")
	}
	l.advance(2 + end + 2)
	return nil
}

func (l *lexer) errorf(format string, args ...any) error {
	return Errorf(l.pos, TagSyntax, format, args...)
}

// take returns the run of bytes from here that ok accepts, and steps over it.
func (l *lexer) take(ok func(byte) bool) string {
	start := l.at
	for l.at < len(l.src) && ok(l.src[l.at]) {
		l.at++
	}
	if l.at > start {
		l.bol = false
	}
	return l.src[start:l.at]
}

// outerToken reads a token of the outer level.
func (l *lexer) outerToken(tok *Token) error {
	c := l.src[l.at]
	switch {
	case c >= '0' && c <= '9':
		return l.number(tok)
	case isSpecByte(c) && c != '`':
		return l.outerWord(tok)
	case c == ',' || c == '/' || c == ';':
		tok.Kind, tok.Text = Kind(c), string(c)
		l.advance(1)
		return nil
	case c == '{':
		return l.punctuation(tok)
	}
	return l.errorf("syntax error near %q", string(c))
}

// outerWord tells a type or keyword from a probe description. The asterisk may
// belong to either ("int*x;", "int* {}"): a known type wins, as long as the word
// has nothing in it that only a probe description can have.
func (l *lexer) outerWord(tok *Token) error {
	start, pos := l.at, l.pos
	word := l.take(isSpecByte)
	tok.Kind, tok.Text, tok.Pos = ProbeSpec, word, pos
	if l.opts.ProbeSpecs || strings.ContainsAny(word, ":-.?!`$[]\\") {
		return nil
	}
	base, _, _ := strings.Cut(word, "*")
	switch {
	case startsDeclaration(base):
		tok.Kind = Kind(base)
	case base != "" && base != "BEGIN" && base != "END" && base != "ERROR" && l.opts.isType(base):
		tok.Kind = TypeName
	default:
		return nil
	}
	tok.Text = base
	l.at = start + len(base)
	return nil
}

// innerToken reads a token of an expression or declaration.
func (l *lexer) innerToken(tok *Token) error {
	c := l.src[l.at]
	switch {
	case c >= '0' && c <= '9':
		return l.numberOrName(tok)
	case c == '.' && isDigit(l.peekByte(1)):
		return l.errorf("floating-point constants are not permitted")
	case isNameByte(c):
		l.word(tok)
		return nil
	case c == '@':
		l.advance(1)
		tok.Kind, tok.Text = Agg, "@"+l.take(isWordByte)
		if tok.Text == "@" {
			tok.Text = "@_"
		}
		return nil
	case c == '"':
		return l.stringLit(tok)
	case c == '\'':
		return l.charLit(tok)
	case c == '$':
		return l.macro(tok)
	}
	return l.punctuation(tok)
}

func (l *lexer) word(tok *Token) {
	tok.Text = l.take(isNameByte)
	tok.Kind = Name
	if isKeyword(tok.Text) {
		tok.Kind = Kind(tok.Text)
	}
}

// mayBeType reports whether what follows a name leaves it possible that the
// name is a type. It spares the look-up in the kernel's types, which are costly
// to load, for nearly all names.
func (l *lexer) mayBeType() bool {
	return beforeType(l.src[l.at:])
}

func beforeType(rest string) bool {
	rest = strings.TrimLeft(rest, "\f\n\r\t\v ")
	return rest == "" || isNameByte(rest[0]) || strings.IndexByte(")]*[(,;:>/", rest[0]) >= 0
}

// member reads what follows . or ->, where keywords are plain names.
func (l *lexer) member() (Token, error) {
	if err := l.skip(); err != nil {
		return Token{}, err
	}
	tok := Token{Pos: l.pos, Kind: Name}
	tok.Text = l.take(isNameByte)
	if tok.Text == "" {
		return l.next(inner)
	}
	return tok, nil
}

// operators, longest first.
var operators = [...]string{
	"<<=", ">>=", "...",
	"&&", "^^", "||", "==", "!=", "<=", ">=", "<<", ">>", "->", "++", "--",
	"+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=",
	"|", "^", "&", "<", ">", "+", "-", "*", "/", "%", "~", "!", "?", ":", ".", "=", ",", ";",
	"(", ")", "[", "]", "{", "}",
}

func (l *lexer) punctuation(tok *Token) error {
	for _, op := range operators {
		if !strings.HasPrefix(l.src[l.at:], op) {
			continue
		}
		tok.Kind, tok.Text = Kind(op), op
		if op == "/" && l.inPredicate && l.closesPredicate() {
			if err := l.checkClosed(); err != nil {
				return err
			}
			tok.Kind = EndOfPred
			space := l.src[l.at+1:]
			space = space[:len(space)-len(strings.TrimLeft(space, "\f\n\r\t\v "))]
			tok.Pos.Line += strings.Count(space, "\n") // the original reads them too
		}
		l.advance(len(op))
		return l.balance(op)
	}
	return l.errorf("syntax error near %q", l.src[l.at:l.at+1])
}

// closesPredicate looks past white space: a slash before the end, a block, a
// statement's end or another slash is no division.
func (l *lexer) closesPredicate() bool {
	rest := strings.TrimLeft(l.src[l.at+1:], "\f\n\r\t\v ")
	return rest == "" || strings.IndexByte(";{/", rest[0]) >= 0
}

func (l *lexer) checkClosed() error {
	missing := ""
	switch {
	case l.parens != 0:
		missing = ")"
	case l.brackets != 0:
		missing = "]"
	default:
		return nil
	}
	l.advance(1)
	for isSpace(l.peekByte(0)) { // the error is where the body begins
		l.advance(1)
	}
	return l.errorf("closing %s expected in predicate before /", missing)
}

func (l *lexer) balance(op string) error {
	var count *int
	step := 1
	switch op {
	case "(", ")":
		count = &l.parens
	case "[", "]":
		count = &l.brackets
	case "{", "}":
		count = &l.braces
	default:
		return nil
	}
	if op == ")" || op == "]" || op == "}" {
		step = -1
	}
	if *count += step; *count < 0 {
		return l.errorf("extra %s in input stream", op)
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isWordByte(c byte) bool {
	return c == '_' || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isNameByte accepts the scoping operator too: vmlinux`jiffies.
func isNameByte(c byte) bool { return c == '`' || isWordByte(c) }

// isSpecByte accepts what probe descriptions are made of.
func isSpecByte(c byte) bool { return isNameByte(c) || strings.IndexByte("-$:.?*[]\\!", c) >= 0 }
