package zoneadm

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

func (t *tool) move() *cobra.Command {
	return &cobra.Command{
		Use:   "move zonepath",
		Short: "give an installed zone another zonepath",
		Args:  command.Args(1, 1),
		RunE: t.act(func(cmd *cobra.Command, name string, args []string) error {
			return t.zones.Move(cmd.Context(), name, args[0])
		}),
	}
}

func (t *tool) mark() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:               "mark incomplete",
		Short:             "declare a zone unusable, so that it can only be uninstalled",
		Args:              command.Args(1, 1),
		ValidArgsFunction: cobra.FixedCompletions([]string{"incomplete"}, cobra.ShellCompDirectiveNoFileComp),
		RunE: t.act(func(cmd *cobra.Command, name string, args []string) error {
			state := zone.State(args[0])
			if state != zone.Incomplete && !force {
				return cli.Usagef("mark: only incomplete is possible, not %q", args[0])
			}
			return t.zones.Mark(cmd.Context(), name, state, force)
		}),
	}
	cmd.Flags().BoolVarP(&force, "force", "F", false, "configured and installed too, whatever the zone's files say")
	return cmd
}

func (t *tool) verify() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "check that a zone can be installed and booted here",
		Args:  command.NoArgs,
		RunE: t.act(func(cmd *cobra.Command, name string, _ []string) error {
			warnings, err := t.zones.Verify(cmd.Context(), name)
			for _, w := range warnings {
				fmt.Fprintf(t.env.Stderr, "WARNING: %s.\n", w)
			}
			return err
		}),
	}
}
