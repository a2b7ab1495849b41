// Package zlogin is zlogin(8): a command, a shell or the console of a zone.
package zlogin

import (
	_ "embed" // the manual

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/term"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// Manual is zlogin.8.md.
//
//go:embed zlogin.8.md
var Manual string

type options struct {
	console     bool
	disconnect  bool
	escape      string
	noEscape    bool
	attach      bool
	noEOF       bool
	quiet       bool
	interactive bool
	noStdin     bool
	safe        bool
	user        string

	zone string
	argv []string
}

// New is zlogin [-CdEINQinS] [-e c] [-l user] ZONE [COMMAND...].
func New(env *cli.Env) *cobra.Command {
	o := new(options)
	cmd := &cobra.Command{
		Use:   "zlogin [-dCEINQS] [-e c] [-l user] ZONE\n  zlogin [-inEQS] [-e c] [-l user] ZONE COMMAND...",
		Short: "enter a zone: a command, a shell or its console",
		Example: `  zlogin web                 # a shell
  zlogin web uname -a        # a command
  zlogin -C web              # the console; ~. leaves it`,
		DisableFlagsInUseLine: true,
		Annotations:           map[string]string{command.Literal: ""},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cli.Usagef("missing zone name")
			}
			return nil
		},
		ValidArgsFunction: completeZone(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.zone, o.argv = args[0], args[1:]
			return run(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SetInterspersed(false)
	f.BoolVarP(&o.console, "console", "C", false, "connect to the zone's console")
	f.BoolVarP(&o.disconnect, "disconnect", "d", false, "with -C: leave when the zone halts")
	f.StringVarP(&o.escape, "escape", "e", "~", "escape `character`: one character, or ^X")
	f.BoolVarP(&o.noEscape, "no-escape", "E", false, "no escape character")
	f.BoolVarP(&o.attach, "attach", "I", false, "attach to the streams of a docker zone's init")
	f.BoolVarP(&o.noEOF, "no-eof", "N", false, "with -I: do not pass on the end of the input")
	f.BoolVarP(&o.quiet, "quiet", "Q", false, "no messages on connecting and leaving")
	f.BoolVarP(&o.interactive, "interactive", "i", false, "give the command a terminal")
	f.BoolVarP(&o.noStdin, "no-stdin", "n", false, "give the command no input")
	f.BoolVarP(&o.safe, "safe", "S", false, "use /bin/sh and nothing else of the zone")
	f.StringVarP(&o.user, "login", "l", "", "log in as `user` instead of root")
	return cmd
}

// check refuses what does not go together.
func (o *options) check() error {
	command := len(o.argv) > 0
	for _, c := range []struct {
		bad  bool
		what string
	}{
		{o.console && command, "-C takes no command"},
		{o.console && o.user != "", "-C and -l do not go together"},
		{o.console && o.noStdin, "-C and -n do not go together"},
		{o.console && o.safe, "-C and -S do not go together"},
		{o.console && o.attach, "-C and -I do not go together"},
		{o.attach && (command || o.user != "" || o.safe || o.interactive), "-I takes no command and neither -l, -S nor -i"},
		{o.safe && o.user != "", "-S and -l do not go together"},
		{o.interactive && o.noStdin, "-i and -n do not go together"},
		{o.disconnect && !o.console, "-d goes with -C only"},
		{o.noStdin && !command, "-n goes with a command only"},
		{o.noEOF && !o.attach, "-N goes with -I only"},
	} {
		if c.bad {
			return cli.Usagef("%s", c.what)
		}
	}
	_, err := term.ParseEscape(o.escape)
	if err != nil && !o.noEscape {
		return cli.Usagef("-e: %w", err)
	}
	return nil
}

func completeZone(env *cli.Env) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		list, _ := zone.New(env.Root, env.Log).List() //nolint:errcheck // completes what it can
		var names []string
		for _, s := range list {
			if s.State == zone.Running {
				names = append(names, s.Name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
