package cpp

import "strings"

// kind is a token's kind.
type kind int

const (
	space kind = iota
	name
	number
	text  // a string or character constant
	other // one byte, or an operator of several
	end   // of a macro's argument list that is missing
)

// token is a preprocessing token. Macros in hide are not expanded in it again.
type token struct {
	kind kind
	s    string
	hide *hidden
	line int
}

// hidden is a set of names, as a list that grows at its head.
type hidden struct {
	name string
	rest *hidden
}

func (h *hidden) has(name string) bool {
	for ; h != nil; h = h.rest {
		if h.name == name {
			return true
		}
	}
	return false
}

func isNameStart(c byte) bool {
	return c == '_' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNameByte(c byte) bool { return isNameStart(c) || isDigit(c) }

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v' }

// operators of more than one byte that must not come apart.
var operators = [...]string{"<<=", ">>=", "...", "##", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "^^", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="}

// tokenize cuts a line, comments gone, into tokens.
func tokenize(s string, line int) []token {
	var all []token
	for s != "" {
		n, k := next(s)
		all = append(all, token{kind: k, s: s[:n], line: line})
		s = s[n:]
	}
	return all
}

// next measures the first token of s.
func next(s string) (int, kind) {
	c := s[0]
	switch {
	case isBlank(c):
		return span(s, isBlank), space
	case isNameStart(c):
		return span(s, isNameByte), name
	case isDigit(c) || c == '.' && len(s) > 1 && isDigit(s[1]):
		return span(s, func(c byte) bool { return isNameByte(c) || c == '.' }), number
	case c == '"' || c == '\'':
		return quoted(s), text
	}
	for _, op := range operators {
		if strings.HasPrefix(s, op) {
			return len(op), other
		}
	}
	return 1, other
}

func span(s string, ok func(byte) bool) int {
	n := 0
	for n < len(s) && ok(s[n]) {
		n++
	}
	return n
}

// quoted measures a constant with its quotes; one that is not closed ends with
// the line.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	return len(s)
}

func trim(list []token) []token {
	for len(list) > 0 && list[0].kind == space {
		list = list[1:]
	}
	for len(list) > 0 && list[len(list)-1].kind == space {
		list = list[:len(list)-1]
	}
	return list
}

func join(list []token) string {
	var b strings.Builder
	for _, t := range list {
		b.WriteString(t.s)
	}
	return b.String()
}
