package cmd

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/smartbox-os/smartbox/internal/build"
	"github.com/smartbox-os/smartbox/internal/cli"
)

// self is the name under which the binary waits for a tool's name.
const self = "smartbox"

// verbs are the dispatcher's own; tools come after them.
var verbs = map[string]func(*cli.Env, []string) int{
	"--list":     list,
	"--install":  install,
	"man":        man,
	"completion": completion,
}

// Main runs the tool that env.Args[0], or after "smartbox" env.Args[1], names.
func Main(env *cli.Env) int {
	name := filepath.Base(env.Args[0])
	if a, ok := find(name); ok {
		return a.run(env, env.Args[1:])
	}
	args := env.Args[1:]
	if len(args) == 0 {
		usage(env.Stderr)
		return cli.ExitUsage
	}
	switch args[0] {
	case "-h", "-?", "--help", "help":
		usage(env.Stdout)
		return cli.ExitOK
	case "--version", "version":
		fmt.Fprintln(env.Stdout, self, build.Version())
		return cli.ExitOK
	}
	if verb, ok := verbs[args[0]]; ok {
		return verb(env, args[1:])
	}
	if a, ok := find(args[0]); ok {
		return a.run(env, args[1:])
	}
	fmt.Fprintf(env.Stderr, "%s: no tool %q; %s --list names them\n", self, args[0], self)
	return cli.ExitUsage
}

func find(name string) (Applet, bool) {
	for _, a := range applets() {
		if a.Name == name {
			return a, true
		}
	}
	return Applet{}, false
}

// tools are the applets that users see.
func tools() []Applet {
	var seen []Applet
	for _, a := range applets() {
		if a.Role == nil {
			seen = append(seen, a)
		}
	}
	return seen
}

func usage(w io.Writer) {
	fmt.Fprintf(w, `usage: %[1]s TOOL [ARG...]
       %[1]s --list | --install DIR | --version
       %[1]s man [TOOL] | completion bash|zsh|fish

`, self)
	for _, a := range tools() {
		fmt.Fprintf(w, "  %-13s %s\n", a.Name, a.Summary)
	}
	fmt.Fprintf(w, "\nexample: %s vmadm list\n", self)
}

func list(env *cli.Env, args []string) int {
	if len(args) > 0 {
		return misuse(env, "--list")
	}
	for _, a := range tools() {
		fmt.Fprintln(env.Stdout, a.Name)
	}
	return cli.ExitOK
}

// misuse words a wrong call of one of the dispatcher's own verbs.
func misuse(env *cli.Env, synopsis string) int {
	fmt.Fprintf(env.Stderr, "usage: %s %s\n", self, synopsis)
	return cli.ExitUsage
}

func failed(env *cli.Env, verb string, err error) int {
	fmt.Fprintf(env.Stderr, "%s: %s: %v\n", self, verb, err)
	return cli.ExitFailed
}

// Names lists every name that the binary answers to, hidden roles included.
func Names() []string {
	var names []string
	for _, a := range applets() {
		names = append(names, a.Name)
	}
	return names
}
