package nictagadm

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
)

func newDelete(env *cli.Env) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "delete [-f] <name>",
		Short: "delete a nic tag that no machine uses",
		Args:  command.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ask := users(env)
			if force {
				ask = nil
			}
			return host(env).DeleteTag(cmd.Context(), args[0], ask)
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "also while machines are configured to use it")
	return cmd
}
