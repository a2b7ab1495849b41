// Package imgadm is the tool imgadm: it lists, imports, installs and deletes
// the images that machines are made from.
package imgadm

import (
	"context"
	_ "embed" // the manual
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/img"
)

// Manual is imgadm(8) in Markdown.
//
//go:embed imgadm.8.md
var Manual string

// tool is one run of imgadm.
type tool struct {
	env        *cli.Env
	jsonErrors bool // -E
	verbose    bool // -v
}

// New is the command tree.
func New(env *cli.Env) *cobra.Command {
	t := &tool{env: env}
	root := &cobra.Command{
		Use:         "imgadm",
		Short:       "manage the images that machines are made from",
		Example:     "  imgadm avail os=linux\n  imgadm import base",
		Annotations: map[string]string{command.Prefix: "", command.OwnFlagErrors: ""},
		Args:        cobra.ArbitraryArgs,
		RunE:        t.noVerb,
	}
	root.SetFlagErrorFunc(t.flagError)
	flags := root.PersistentFlags()
	flags.BoolVarP(&t.jsonErrors, "json-errors", "E", false, "on failure, end stderr with one line of JSON")
	flags.BoolVarP(&t.verbose, "verbose", "v", false, "say more on stderr")
	root.PersistentPreRun = func(*cobra.Command, []string) {
		if t.verbose {
			env.Level.Set(slog.LevelDebug)
		}
	}
	root.AddCommand(
		t.sources(), t.avail(), t.show(), t.importCommand(), t.install(),
		t.list(), t.get(), t.ancestry(), t.delete(), t.vacuum(), t.create(), t.publish(),
	)
	return root
}

// host is the library, made when a verb runs.
func (t *tool) host() *img.Host { return img.New(t.env.Root, t.env.Log) }

// verb completes a command: between low and high operands (high < 0: any
// number), its errors worded.
func (t *tool) verb(c *cobra.Command, low, high int, run func(ctx context.Context, args []string) error) *cobra.Command {
	c.Args = func(cmd *cobra.Command, args []string) error {
		return t.word(cmd, command.Args(low, high)(cmd, args))
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return t.word(cmd, run(cmd.Context(), args))
	}
	c.SetFlagErrorFunc(t.flagError)
	return c
}

// noVerb shows the help; without any argument it is also a failure.
func (t *tool) noVerb(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return t.word(cmd, &img.Error{
			Code: img.CodeUnknownCommand, Err: cli.Usagef("unknown command %q", args[0]), Hint: "imgadm help lists the commands",
		})
	}
	if err := cmd.Help(); err != nil {
		return err
	}
	return cli.Exit(cli.ExitFailed)
}

// pool adds the flag that chooses a pool.
func pool(c *cobra.Command, into *string) {
	c.Flags().StringVarP(into, "pool", "P", img.DefaultPool, "the `pool` that the image is on")
}
