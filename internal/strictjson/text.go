package strictjson

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string; want names what should be here if none is.
func (d *decoder) str(want string) (string, error) {
	if d.i >= len(d.s) || d.s[d.i] != '"' {
		return "", d.unexpected(want)
	}
	d.i++
	start := d.i
	ascii := true
	for d.i < len(d.s) {
		switch c := d.s[d.i]; {
		case c == '"':
			text := d.s[start:d.i]
			if !ascii && !utf8.ValidString(text) {
				return "", d.failAt(start, "a string that is not UTF-8")
			}
			d.i++
			return text, nil
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return "", d.control(c)
		case c >= utf8.RuneSelf:
			ascii = false
		}
		d.i++
	}
	return "", d.fail("the text ends within a string")
}

// escaped goes on with a string that has a backslash.
func (d *decoder) escaped(start int) (string, error) {
	var b strings.Builder
	b.WriteString(d.s[start:d.i])
	for d.i < len(d.s) {
		c := d.s[d.i]
		switch {
		case c == '"':
			text := b.String()
			if !utf8.ValidString(text) {
				return "", d.failAt(start, "a string that is not UTF-8")
			}
			d.i++
			return text, nil
		case c < ' ':
			return "", d.control(c)
		case c != '\\':
			b.WriteByte(c)
			d.i++
			continue
		}
		r, err := d.escape()
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
	}
	return "", d.fail("the text ends within a string")
}

func (d *decoder) control(c byte) error {
	if c == 0 {
		return d.fail("a NUL byte")
	}
	return d.fail("a raw control character (%#02x) in a string", c)
}

const escapes, escaped = `"\/bfnrt`, "\"\\/\b\f\n\r\t"

// escape reads from the backslash on.
func (d *decoder) escape() (rune, error) {
	if d.i+1 >= len(d.s) {
		return 0, d.fail("the text ends within a string")
	}
	c := d.s[d.i+1]
	if c == 'u' {
		return d.unicode()
	}
	at := strings.IndexByte(escapes, c)
	if at < 0 {
		return 0, d.fail("unknown escape \\%c in a string", c)
	}
	d.i += 2
	return rune(escaped[at]), nil
}

func (d *decoder) unicode() (rune, error) {
	r, ok := hex4(d.s[d.i+2:])
	if !ok {
		return 0, d.fail("\\u needs four hexadecimal digits")
	}
	if r == 0 {
		return 0, d.fail("a NUL byte")
	}
	if !utf16.IsSurrogate(r) {
		d.i += 6
		return r, nil
	}
	if rest := d.s[d.i+6:]; strings.HasPrefix(rest, `\u`) {
		if low, ok := hex4(rest[2:]); ok {
			if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
				d.i += 12
				return both, nil
			}
		}
	}
	return 0, d.fail("half a surrogate pair in a string")
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// number reads a number as JSON spells it.
func (d *decoder) number() (string, error) {
	start := d.i
	d.eat('-')
	if !d.eat('0') && !d.digits() {
		return "", d.unexpected("a number")
	}
	if d.eat('.') && !d.digits() {
		return "", d.unexpected("a digit")
	}
	if d.eat('e') || d.eat('E') {
		if !d.eat('+') {
			d.eat('-')
		}
		if !d.digits() {
			return "", d.unexpected("a digit")
		}
	}
	return d.s[start:d.i], nil
}

func (d *decoder) eat(c byte) bool {
	if d.i < len(d.s) && d.s[d.i] == c {
		d.i++
		return true
	}
	return false
}

func (d *decoder) digits() bool {
	start := d.i
	for d.i < len(d.s) && d.s[d.i] >= '0' && d.s[d.i] <= '9' {
		d.i++
	}
	return d.i > start
}
