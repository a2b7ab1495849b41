package vmadm

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
)

// newConsole is vmadm console UUID.
func newConsole(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:               "console UUID",
		Short:             "connect to a running machine's console; ^] leaves it",
		Args:              machineArg(1, 1),
		ValidArgsFunction: completeMachine(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			conn, err := host(env).Console(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return conn.Close()
		},
	}
}
