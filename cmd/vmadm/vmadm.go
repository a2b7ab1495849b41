// Package vmadm is vmadm(8), which makes, changes, shows and removes machines.
// What was asked for goes to stdout; every line that says how it went goes to
// stderr, success too, so that scripts can read stdout.
package vmadm

import (
	_ "embed" // the manual
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

// Manual is vmadm's manual, in Markdown.
//
//go:embed vmadm.8.md
var Manual string

// New is vmadm.
func New(env *cli.Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "vmadm COMMAND [ARG...]",
		Short: "make, change, show and remove machines",
		Example: `  vmadm create -f web.json
  vmadm list -o uuid,alias,state -s alias state=running`,
		Args:        cobra.ArbitraryArgs,
		Annotations: map[string]string{command.Prefix: ""},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cli.Usagef("vmadm: missing command")
			}
			return cli.Usagef("Invalid command: %q.", args[0])
		},
	}
	verbose := root.PersistentFlags().BoolP("verbose", "v", false, "say more on stderr")
	debug := root.PersistentFlags().BoolP("debug", "d", false, "say everything on stderr")
	root.PersistentPreRun = func(*cobra.Command, []string) { loud(env, *verbose, *debug) }
	for _, verb := range verbs() {
		root.AddCommand(verb(env))
	}
	return root
}

func verbs() []func(*cli.Env) *cobra.Command {
	return []func(*cli.Env) *cobra.Command{
		newConsole, newCreate, newCreateSnapshot, newDelete, newDeleteSnapshot, newEvents, newGet, newInfo,
		newInstall, newKill, newList, newLookup, newReboot, newReceive, newReprovision, newRollbackSnapshot,
		newSend, newStart, newStop, newSysrq, newUpdate, newValidate,
	}
}

// loud lowers the level of the log: info with -v, debug with -d.
func loud(env *cli.Env, verbose, debug bool) {
	switch {
	case debug:
		env.Level.Set(-4)
	case verbose:
		env.Level.Set(0)
	}
}

// host is the machines of the environment's root; its warnings are printed.
func host(env *cli.Env) *vm.Host {
	h := vm.New(env.Root, env.Log)
	h.Now = env.Now
	h.Warn = func(format string, args ...any) { say(env, "warning: "+format, args...) }
	return h
}

// say prints a line for people.
func say(env *cli.Env, format string, args ...any) {
	fmt.Fprintf(env.Stderr, format+"\n", args...)
}
