// Package setup is smartbox setup: the in-memory system's configurator.
package setup

import (
	_ "embed" // the manual
	"errors"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform/live"
)

// Manual is setup.8.md.
//
//go:embed setup.8.md
var Manual string

// New is setup [-a FILE].
func New(env *cli.Env) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:                   "setup [-a answers]",
		Short:                 "make the pool and configuration of the in-memory system",
		Example:               "  smartbox setup -a answers.json",
		DisableFlagsInUseLine: true,
		Args:                  command.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if live.Stamp() == "" {
				return cli.WithHint(errors.New("this host does not run from a platform image"),
					"zpool create zones DEVICE makes a pool here")
			}
			var a *live.Answers
			var err error
			if file != "" {
				a, err = live.ReadAnswers(file)
			} else {
				a, err = ask(env)
			}
			if err != nil {
				return err
			}
			return live.New(env.Root, env.Log, env.Stdout).Setup(cmd.Context(), a)
		},
	}
	cmd.Flags().StringVarP(&file, "answers", "a", "", "take the answers from a file")
	return cmd
}
