package zlogin

import (
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

const safeShell = "/bin/sh"

// exec is what to run: the user's login shell, or with -S the plain one.
func (o *options) exec() zone.ExecOptions {
	if !o.safe {
		return zone.ExecOptions{Login: true, User: o.user, Argv: o.argv}
	}
	argv := []string{safeShell}
	if len(o.argv) > 0 {
		argv = append(argv, "-c", strings.Join(o.argv, " "))
	}
	return zone.ExecOptions{Argv: argv}
}

// direct is the command of -S as words, if a shell would make the same of them.
func (o *options) direct() ([]string, bool) {
	if !o.safe || len(o.argv) == 0 || o.argv[0] == "" || o.argv[0][0] != '/' {
		return nil, false
	}
	for _, word := range o.argv {
		if word == "" || strings.ContainsFunc(word, special) {
			return nil, false
		}
	}
	return o.argv, true
}

// special reports whether a shell might see more in a character than itself.
func special(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("_-./:,+@%", r)
}
