package lang

import "testing"

// TestParenthesis checks that what follows an open parenthesis is no type
// because it is a string.
func TestParenthesis(t *testing.T) {
	for _, text := range []string{`("a" == "b")`, `("a")`, `(string)x`, `("a" == "b") || x`, `strlen(("a"))`} {
		if _, err := ParseExpr(text, Options{}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
