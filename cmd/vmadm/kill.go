package vmadm

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

// newKill is vmadm kill [-s SIGNAL|-SIGNAL] UUID. Signals look like flags, so
// the words are read here.
func newKill(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:                "kill [-s SIGNAL|-SIGNAL] UUID",
		Short:              "send a signal to a machine's init",
		Example:            "  vmadm kill -HUP UUID",
		DisableFlagParsing: true,
		ValidArgsFunction:  completeMachine(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
				return cmd.Help()
			}
			name, rest, err := signalArg(args)
			if err != nil {
				return err
			}
			if err := machineArg(1, 1)(cmd, rest); err != nil {
				return err
			}
			sig, err := vm.ParseSignal(name)
			if err != nil {
				return err
			}
			if err := host(env).Kill(cmd.Context(), rest[0], sig); err != nil {
				return err
			}
			say(env, "Sent signal %q to init process for VM %s", name, rest[0])
			return nil
		},
	}
}

// signalArg takes the signal out of the words.
func signalArg(args []string) (name string, rest []string, err error) {
	name = "SIGTERM"
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-s" && i+1 == len(args):
			return "", nil, cli.Usagef("-s needs a signal")
		case args[i] == "-s":
			i++
			name = args[i]
		case strings.HasPrefix(args[i], "-s") && !strings.HasPrefix(args[i], "-si"):
			name = args[i][2:]
		case strings.HasPrefix(args[i], "-"):
			name = args[i][1:]
		default:
			rest = append(rest, args[i])
		}
	}
	return name, rest, nil
}
