package cmd

import (
	_ "embed" // the dispatcher's manual
	"fmt"

	"github.com/smartbox-os/smartbox/internal/build"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/manual"
)

//go:embed smartbox.8.md
var selfManual string

// man prints a tool's manual, the dispatcher's own without a name. --roff is
// for "make install".
func man(env *cli.Env, args []string) int {
	asRoff := len(args) > 0 && args[0] == "--roff"
	if asRoff {
		args = args[1:]
	}
	name := self
	if len(args) == 1 {
		name = args[0]
	}
	if len(args) > 1 {
		return misuse(env, "man [TOOL]")
	}
	text, ok := manualOf(name)
	if !ok {
		fmt.Fprintf(env.Stderr, "%s: man: no manual for %q; %s --list names the tools\n", self, name, self)
		return cli.ExitFailed
	}
	if err := show(env, name, text, asRoff); err != nil {
		return failed(env, "man", err)
	}
	return cli.ExitOK
}

func show(env *cli.Env, name, text string, asRoff bool) error {
	if asRoff {
		return manual.Roff(env.Stdout, name, build.Version(), text)
	}
	return manual.Text(env.Stdout, text, env.Width(env.Stdout), env.Fancy(env.Stdout))
}

func manualOf(name string) (string, bool) {
	if name == self {
		return selfManual, true
	}
	a, ok := find(name)
	return a.Manual, ok && a.Manual != ""
}
