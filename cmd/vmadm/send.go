package vmadm

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
)

// newSend is vmadm send UUID.
func newSend(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:               "send UUID",
		Short:             "stop a machine and write it to stdout",
		Example:           "  vmadm send $(vmadm lookup alias=web) | ssh other vmadm receive",
		Args:              machineArg(1, 1),
		ValidArgsFunction: completeMachine(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cli.IsTerminal(env.Stdout) {
				return worded("Cannot send VM to a TTY.")
			}
			if err := host(env).Send(cmd.Context(), args[0], env.Stdout); err != nil {
				return err
			}
			say(env, "Successfully sent VM %s", args[0])
			return nil
		},
	}
}

// newReceive is vmadm receive.
func newReceive(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "receive",
		Aliases: []string{"recv"},
		Short:   "make the machine that send wrote, from stdin",
		Args:    command.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cli.IsTerminal(env.Stdin) {
				return cli.Usagef("Will not receive from stdin when stdin is a tty.")
			}
			uuid, err := host(env).Receive(cmd.Context(), env.Stdin)
			if err != nil {
				return worded("Failed to receive VM: %w", err)
			}
			say(env, "Successfully received VM %s", uuid)
			return nil
		},
	}
}
