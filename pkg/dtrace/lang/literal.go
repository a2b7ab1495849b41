package lang

import (
	"strconv"
	"strings"
)

// numberOrName reads a number, or a name scoped to something that begins with a
// digit (8021q`vlan_dev).
func (l *lexer) numberOrName(tok *Token) error {
	end := l.at
	for end < len(l.src) && isWordByte(l.src[end]) {
		end++
	}
	if end < len(l.src) && l.src[end] == '`' {
		l.word(tok)
		return nil
	}
	return l.number(tok)
}

// number reads an integer constant; an octal one may not have an 8.
func (l *lexer) number(tok *Token) error {
	text := l.digits()
	if l.peekByte(0) == '.' && l.peekByte(1) != '.' && !strings.HasPrefix(text, "0x") {
		return l.errorf("floating-point constants are not permitted")
	}
	tok.Kind, tok.Text = Int, text
	n, err := parseNumber(text)
	if err != nil {
		err.Pos = tok.Pos
		if isFloat(text) {
			return Errorf(tok.Pos, TagSyntax, "floating-point constants are not permitted")
		}
		return err
	}
	tok.Num = n
	return nil
}

// digits takes a constant: its digits, in base ten or sixteen, and the suffix. A
// letter behind it begins a name.
func (l *lexer) digits() string {
	rest := l.src[l.at:]
	digit, n := isDigit, 0
	if len(rest) > 1 && rest[0] == '0' && rest[1]|0x20 == 'x' {
		digit, n = func(c byte) bool { return digitValue(rune(c|0x20)) < 16 }, 2
	}
	for n < len(rest) && digit(rest[n]) {
		n++
	}
	exponent := n
	for n < len(rest) && strings.IndexByte("uUlL", rest[n]) >= 0 {
		n++
	}
	if n == exponent && n < len(rest) && rest[n]|0x20 == 'e' && isFloat(wordOf(rest)) {
		n = len(wordOf(rest))
	}
	l.advance(n)
	return rest[:n]
}

// wordOf is the letters and digits that a text begins with.
func wordOf(text string) string {
	n := 0
	for n < len(text) && isWordByte(text[n]) {
		n++
	}
	return text[:n]
}

func isFloat(text string) bool {
	mantissa, exp, found := strings.Cut(strings.ToLower(text), "e")
	return found && !strings.HasPrefix(text, "0x") && strings.Trim(mantissa, "0123456789") == "" &&
		exp != "" && strings.Trim(exp, "0123456789") == ""
}

// parseNumber understands C's integer constants.
func parseNumber(text string) (Number, *Error) {
	n := Number{Decimal: text[0] != '0'}
	digits := strings.TrimRight(text, "uUlL")
	for _, c := range strings.ToLower(text[len(digits):]) {
		if c == 'u' {
			n.Unsigned = true
		} else {
			n.Long = true
		}
	}
	base, body := 10, digits
	switch {
	case strings.HasPrefix(digits, "0x"), strings.HasPrefix(digits, "0X"):
		base, body = 16, digits[2:]
	case digits[0] == '0':
		base, body = 8, digits
	}
	if bad := strings.IndexFunc(body, func(r rune) bool { return digitValue(r) >= base }); bad >= 0 || body == "" {
		bad = max(bad, 0)
		return n, Errorf(Pos{}, TagIntDigit, "constant %s contains invalid digit %c", text, (body + "x")[bad])
	}
	v, err := strconv.ParseUint(body, base, 64)
	if err != nil {
		return n, Errorf(Pos{}, TagIntOflow, "constant %s results in integer overflow", text)
	}
	n.Value = v
	return n, nil
}

func digitValue(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return int(r - '0')
	case r >= 'a' && r <= 'f':
		return int(r-'a') + 10
	case r >= 'A' && r <= 'F':
		return int(r-'A') + 10
	}
	return 99
}

// quoted finds the end of a literal that begins here; an escaped quote does not
// end it, a line's end must not stand in it.
func (l *lexer) quoted(quote byte, tag Tag, what string) (string, error) {
	for i := l.at + 1; i < len(l.src); i++ {
		switch l.src[i] {
		case '\n':
			return "", Errorf(l.pos, tag, "newline encountered in %s", what)
		case '\\':
			i++
			if i < len(l.src) && l.src[i] == '\n' {
				return "", Errorf(l.pos, tag, "newline encountered in %s", what)
			}
		case quote:
			text := l.src[l.at+1 : i]
			l.advance(i + 1 - l.at)
			return text, nil
		}
	}
	return "", Errorf(l.pos, TagSyntax, "syntax error near %q", string(quote))
}

func (l *lexer) stringLit(tok *Token) error {
	raw, err := l.quoted('"', TagStrNL, "string literal")
	tok.Kind, tok.Text = String, unescape(raw)
	return err
}

// charLit is a character constant; several characters make one integer, the
// last in its lowest byte.
func (l *lexer) charLit(tok *Token) error {
	raw, err := l.quoted('\'', TagChrNL, "character constant")
	if err != nil {
		return err
	}
	chars := unescape(raw)
	switch {
	case raw == "":
		return Errorf(tok.Pos, TagChrNull, "empty character constant")
	case len(chars) > 8:
		return Errorf(tok.Pos, TagChrOflow, "character constant is too long")
	}
	tok.Kind, tok.Text, tok.Num.Decimal = Int, raw, true
	for i := range len(chars) {
		tok.Num.Value = tok.Num.Value<<8 | uint64(chars[i])
	}
	return nil
}

// unescape resolves C's escape sequences.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		c, n := escape(s[i+1:])
		if n == 0 { // means nothing: the backslash stays
			c = '\\'
		}
		b.WriteByte(c)
		i += n
	}
	return b.String()
}

// escape is the byte that the sequence after a backslash means, and how long
// the sequence is: 0 for one that means nothing.
func escape(s string) (byte, int) {
	const plain, meaning = "abfnrtv", "\a\b\f\n\r\t\v"
	if i := strings.IndexByte(plain, s[0]); i >= 0 {
		return meaning[i], 1
	}
	switch {
	case s[0] >= '0' && s[0] <= '7':
		return digits(s, 0, 3, 8)
	case s[0] == 'x' && len(s) > 1 && digitValue(rune(s[1])) < 16:
		return digits(s, 1, 3, 16)
	}
	if s[0] == '"' || s[0] == '\\' {
		return s[0], 1
	}
	return 0, 0
}

func digits(s string, from, to, base int) (byte, int) {
	v, i := 0, from
	for ; i < len(s) && i < to && digitValue(rune(s[i])) < base; i++ {
		v = v*base + digitValue(rune(s[i]))
	}
	return byte(v), i
}
