package vmadm

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
)

// newInstall is vmadm install UUID.
func newInstall(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:               "install UUID",
		Short:             "finish a receive (not yet supported)",
		Args:              machineArg(1, 1),
		ValidArgsFunction: completeMachine(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			return later(cmd, env, args[0])
		},
	}
}

// newReprovision is vmadm reprovision UUID [-f FILE].
func newReprovision(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "reprovision UUID",
		Short:             "give a machine another image (not yet supported)",
		Args:              machineArg(1, 1),
		ValidArgsFunction: completeMachine(env),
	}
	file := fileFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if _, err := payload(env, "reprovision", *file); err != nil {
			return err
		}
		return worded("Failed to reprovision VM %s: %w", args[0], later(cmd, env, args[0]))
	}
	return cmd
}

// later is the answer of a verb that does nothing yet, of machines that there
// are.
func later(cmd *cobra.Command, env *cli.Env, uuid string) error {
	if _, err := host(env).Get(cmd.Context(), uuid); err != nil {
		return err
	}
	return fmt.Errorf("%s: not yet supported on this host", cmd.Name())
}
