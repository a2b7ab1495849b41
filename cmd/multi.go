package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/smartbox-os/smartbox/internal/cli"
)

// self is the name under which the binary waits for a tool's name.
const self = "smartbox"

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
		fmt.Fprintln(env.Stdout, self, Version())
		return cli.ExitOK
	case "--list":
		for _, a := range applets() {
			if a.Role == nil {
				fmt.Fprintln(env.Stdout, a.Name)
			}
		}
		return cli.ExitOK
	case "--install":
		return install(env, args[1:])
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

func usage(w io.Writer) {
	fmt.Fprintf(w, "usage: %s TOOL [ARG...]\n       %s --list | --install DIR | --version\n\n", self, self)
	for _, a := range applets() {
		if a.Role == nil {
			fmt.Fprintf(w, "  %-12s %s\n", a.Name, a.Summary)
		}
	}
	fmt.Fprintf(w, "\nexample: %s vmadm list\n", self)
}

// install links every tool's name in DIR to this binary. A link of its own
// from before is replaced, anything else refused.
func install(env *cli.Env, args []string) int {
	if len(args) != 1 {
		fmt.Fprintf(env.Stderr, "usage: %s --install DIR\n", self)
		return cli.ExitUsage
	}
	if err := linkAll(args[0]); err != nil {
		fmt.Fprintf(env.Stderr, "%s: install: %v\n", self, err)
		return cli.ExitFailed
	}
	return cli.ExitOK
}

func linkAll(dir string) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, a := range applets() {
		if a.Role != nil {
			continue
		}
		if err := link(exe, filepath.Join(dir, a.Name)); err != nil {
			return err
		}
	}
	return nil
}

func link(target, name string) error {
	err := os.Symlink(target, name)
	if !errors.Is(err, os.ErrExist) {
		return err
	}
	if old, err := os.Readlink(name); err != nil || filepath.Base(old) != filepath.Base(target) {
		return fmt.Errorf("%s exists and is not a link to %s; remove it or choose another directory", name, self)
	}
	tmp := name + ".new"
	if err := os.Symlink(target, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, name)
}

// Version is the module's version, or the commit that the build came from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && info.Main.Version == "(devel)" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return info.Main.Version
}

// Names lists every name that the binary answers to, hidden roles included.
func Names() []string {
	var names []string
	for _, a := range applets() {
		names = append(names, a.Name)
	}
	return names
}
