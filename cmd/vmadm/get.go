package vmadm

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

// newGet is vmadm get UUID.
func newGet(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:               "get UUID",
		Aliases:           []string{"json"},
		Short:             "print all of a machine as JSON",
		Args:              machineArg(1, 1),
		ValidArgsFunction: completeMachine(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := host(env).Get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			o, err := m.Object()
			if err != nil {
				return err
			}
			return printJSON(env, o)
		},
	}
}

func printJSON(env *cli.Env, value any) error {
	text, err := vm.Indent(value)
	if err != nil {
		return err
	}
	_, err = env.Stdout.Write(text)
	return err
}
