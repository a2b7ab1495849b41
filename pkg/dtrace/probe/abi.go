package probe

import (
	"slices"
	"strconv"
	"strings"
)

// numberIs is a condition in D that a system call's number is that of one of
// the names; those that this architecture lacks do not count.
func numberIs(number string, names ...string) string {
	var any []string
	for _, name := range names {
		if nr := slices.Index(syscallNames(), name); nr >= 0 {
			any = append(any, "(int)"+number+" == "+strconv.Itoa(nr))
		}
	}
	if any == nil {
		return "0"
	}
	return strings.Join(any, " || ")
}
