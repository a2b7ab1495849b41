// Package zfs is the zfs command: datasets, snapshots and their properties, in
// the words and with the exit codes of zfs(8).
package zfs

import (
	_ "embed" // the manual
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Manual is zfs.8, in Markdown.
//
//go:embed zfs.8.md
var Manual string

// New builds the command tree.
func New(env *cli.Env) *cobra.Command {
	root := &cobra.Command{
		Use:         "zfs COMMAND [ARG...]",
		Short:       "datasets, snapshots and their properties",
		Example:     "  zfs list -t all -r zones",
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
	root.AddCommand(
		newBookmark(h), newClone(h), newCreate(env, h), newDestroy(env, h), newDiff(env, h), newGet(env, h), newHold(h), newHolds(env, h),
		newInherit(h), newList(env, h), newMount(env, h), newPromote(h), newRelease(h), newRename(h), newRollback(h), newSet(h), newSnapshot(h), newUnmount(h), newVersion(env),
		newOwners(env, h, false), newOwners(env, h, true), newUpgrade(env, h),
	)
	root.AddCommand(newReceive(env, h), newSend(env, h))
	root.AddCommand(command.Refused(refused)...)
	for _, verb := range root.Commands() {
		verb.DisableFlagsInUseLine = true
		if verb.Flags().ShorthandLookup("h") != nil && verb.Flags().Lookup("help") == nil { // it is something else to zfs
			verb.Flags().Bool("help", false, "help for "+verb.Name())
		}
		if what := missing[verb.Name()]; what != "" {
			verb.Args = lacking(verb.Args, what)
		}
		verb.RunE = worded(env, noted(env, h, verb.RunE))
	}
	return root
}

// missing is what zfs(8) misses in a call without arguments.
var missing = map[string]string{
	"create": "filesystem argument", "get": "property argument", "inherit": "property argument", "snapshot": "snapshot argument",
	"rollback": "dataset argument", "destroy": "dataset argument", "receive": "snapshot argument",
}

// lacking names what a call without arguments lacks.
func lacking(check cobra.PositionalArgs, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err != nil && len(args) == 0 {
			return cli.Usagef("missing %s", what)
		}
		return err
	}
}

type runE func(*cobra.Command, []string) error

// noting are the verbs that a pool's history has.
var noting = []string{
	"bookmark", "clone", "create", "destroy", "hold", "inherit", "promote", "receive", "release", "rename", "rollback", "set", "snapshot",
}

// noted writes changes that succeeded to the history of their pool. One that
// cannot be written is no reason to say that the change failed.
func noted(env *cli.Env, h *zpool.Host, run runE) runE {
	return func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if err != nil || !slices.Contains(noting, cmd.Name()) {
			return err
		}
		line, names := command.Called(env)
		who, host := command.Caller()
		if err := h.Record(cmd.Context(), names, zpool.Event{Time: env.Now(), Command: line, User: who, Host: host}); err != nil {
			env.Log.Info("note in the pool's history", "err", err)
		}
		return nil
	}
}

// worded prints errors over several lines as zfs(8) does; errors in the call
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
			return nil, errors.New("missing '=' for property=value argument")
		}
		if _, twice := props[name]; twice {
			return nil, fmt.Errorf("property '%s' specified multiple times", name)
		}
		props[name] = value
	}
	return props, nil
}
