// Package zpool is the zpool command: pools, in the words and with the exit
// codes of zpool(8).
package zpool

import (
	_ "embed" // the manual
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Manual is zpool.8, in Markdown.
//
//go:embed zpool.8.md
var Manual string

// New builds the command tree.
func New(env *cli.Env) *cobra.Command {
	root := &cobra.Command{
		Use:         "zpool COMMAND [ARG...]",
		Short:       "storage pools",
		Example:     "  truncate -s 10G /var/zones.img && zpool create zones /var/zones.img",
		Annotations: map[string]string{command.Prefix: ""},
		Args:        cobra.ArbitraryArgs, // worded below
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cli.Usagef("missing command")
			}
			return cli.Usagef("unrecognized command '%s'", args[0])
		},
	}
	h := zpool.New(env.Root, env.Log)
	root.AddCommand(newCreate(h), newDestroy(h), newExport(h), newGet(env, h), newImport(env, h), newList(env, h),
		newSet(h), newStatus(env, h))
	for _, verb := range root.Commands() {
		verb.DisableFlagsInUseLine = true
		verb.RunE = worded(env, verb.RunE)
	}
	return root
}

type runE func(*cobra.Command, []string) error

// worded prints errors over several lines as zpool(8) does; errors in the call
// go on, to be followed by the usage.
func worded(env *cli.Env, run runE) runE {
	return func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if err == nil || cli.Code(err) == cli.ExitUsage {
			return err
		}
		fmt.Fprintln(env.Stderr, strings.TrimRight(err.Error(), "\n"))
		return cli.Exit(cli.ExitFailed)
	}
}

// properties reads the values of -o: prop=value.
func properties(pairs []string) (map[string]string, error) {
	props := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, cli.Usagef("missing '=' for property=value argument '%s'", pair)
		}
		props[name] = value
	}
	return props, nil
}
