// Package zpool is the zpool command: pools, in the words and with the exit
// codes of zpool(8).
package zpool

import (
	_ "embed" // the manual
	"fmt"
	"slices"
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
	root.AddCommand(
		newAdd(env, h), newAttach(h), newClear(h), newCreate(env, h), newDestroy(h), newDetach(h), newEvents(env, h), newExport(h),
		newGet(env, h), newHistory(env, h), newImport(env, h), newIostat(env, h), newLabelclear(h), newList(env, h),
		newOffline(h), newOnline(h), newRemove(h), newReplace(h), newResilver(h), newScrub(h), newSet(h), newStatus(env, h),
		newSync(h), newTrim(h), newUpgrade(env, h), newVersion(env), newWait(h),
	)
	root.AddCommand(command.Refused(refused)...)
	for _, verb := range root.Commands() {
		verb.DisableFlagsInUseLine = true
		verb.RunE = worded(env, noted(env, h, verb.RunE))
	}
	return root
}

type runE func(*cobra.Command, []string) error

// noting are the verbs that a pool's history has.
var noting = []string{
	"add", "attach", "clear", "create", "detach", "import", "labelclear", "offline", "online", "remove", "replace",
	"resilver", "scrub", "set", "trim",
}

// noted writes changes that succeeded to the history of their pool. One that
// cannot be written is no reason to say that the change failed.
func noted(env *cli.Env, h *zpool.Host, run runE) runE {
	return func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if err != nil || !slices.Contains(noting, cmd.Name()) || cmd.Flags().Changed(background) {
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

// worded prints errors over several lines as zpool(8) does; errors in the call
// go on, to be followed by the usage.
func worded(env *cli.Env, run runE) runE {
	return func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if err == nil || cli.Code(err) == cli.ExitUsage {
			return err
		}
		if len(args) > 0 && strings.HasSuffix(err.Error(), fmt.Sprintf("no such pool '%s'", args[0])) {
			err = fmt.Errorf("cannot open '%s': %w", args[0], zpool.ErrNoPool)
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
