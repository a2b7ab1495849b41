package vmadm

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

// machineArg checks the first operand of a verb, and the number of all.
func machineArg(low, high int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 || !vm.UUIDShaped(args[0]) {
			return cli.Usagef("Invalid or missing UUID for %s", cmd.Name())
		}
		switch {
		case len(args) < low:
			return cli.Usagef("Incorrect number of parameters for %s", cmd.Name())
		case high >= 0 && len(args) > high:
			return cli.Usagef("unexpected argument %q", args[high])
		}
		return nil
	}
}

// completeMachine offers the uuids of machines, with their aliases, for the
// first operand. The start of an alias finds its uuid too, in shells that
// replace what was typed.
func completeMachine(env *cli.Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		list, err := host(env).List(cmd.Context(), nil)
		if err != nil && len(list) == 0 {
			return nil, cobra.ShellCompDirectiveError
		}
		var words []string
		for _, m := range list {
			alias, _ := m.Field("alias")
			name, _ := alias.(string)
			if strings.HasPrefix(m.UUID(), typed) || typed != "" && strings.HasPrefix(name, typed) {
				words = append(words, cobra.CompletionWithDesc(m.UUID(), strings.TrimSpace(name+" "+m.StateName())))
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// payload reads the JSON of -f FILE, or of stdin.
func payload(env *cli.Env, verb, file string) (vm.Payload, error) {
	if file != "" && file != "-" {
		return payloadFile(file)
	}
	if cli.IsTerminal(env.Stdin) {
		return nil, cli.Usagef("Will not %s from stdin when stdin is a tty.", verb)
	}
	return vm.ReadPayload(env.Stdin)
}

func payloadFile(file string) (vm.Payload, error) {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, worded("File: %s does not exist.", file)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return vm.ReadPayload(io.Reader(f))
}

// fileFlag is -f.
func fileFlag(cmd *cobra.Command) *string {
	file := cmd.Flags().StringP("file", "f", "", "read the payload from `FILE`, - for stdin")
	return file
}
