package probe

import (
	"errors"
	"strings"
)

var errTooManyParts = errors.New("Overspecified probe description") //nolint:staticcheck // its words are the original's

// isGlob reports whether a part of a description is a pattern.
func isGlob(s string) bool { return strings.ContainsAny(s, "*?[\\") }

// glob matches * ? [set] [!set] and \c, as sh does. It takes time in the
// product of the lengths at worst, never more.
func glob(p, s string) bool {
	star, back := -1, 0
	i, j := 0, 0
	for j < len(s) {
		n, ok := one(p[i:], s[j])
		switch {
		case i < len(p) && p[i] == '*':
			star, back = i, j
			i++
		case ok:
			i += n
			j++
		case star >= 0:
			back++
			i, j = star+1, back
		default:
			return false
		}
	}
	return strings.Trim(p[i:], "*") == ""
}

// one matches the first element of p, which is not a star, against a byte and
// returns how long that element is.
func one(p string, c byte) (int, bool) {
	if p == "" {
		return 0, false
	}
	switch p[0] {
	case '?':
		return 1, true
	case '\\':
		if len(p) > 1 {
			return 2, p[1] == c
		}
	case '[':
		if n, ok, closed := set(p, c); closed {
			return n, ok
		}
	case '*':
		return 0, false
	}
	return 1, p[0] == c
}

// set matches a bracket expression.
func set(p string, c byte) (n int, ok, closed bool) {
	i := 1
	not := i < len(p) && p[i] == '!'
	if not {
		i++
	}
	for first := true; i < len(p); first = false {
		if p[i] == ']' && !first {
			return i + 1, ok != not, true
		}
		low, high := p[i], p[i]
		if i+2 < len(p) && p[i+1] == '-' && p[i+2] != ']' {
			high = p[i+2]
			i += 2
		}
		ok = ok || low <= c && c <= high
		i++
	}
	return 0, false, false
}
