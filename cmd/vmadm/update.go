package vmadm

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

// newUpdate is vmadm update UUID [-f FILE] and vmadm update UUID KEY=VALUE...
func newUpdate(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "update UUID [PROPERTY=VALUE...]",
		Short:             "change a machine, by a JSON payload or by properties",
		Example:           "  vmadm update UUID max_physical_memory=1024\n  vmadm update UUID -f change.json",
		Args:              machineArg(1, -1),
		ValidArgsFunction: completeUpdate(env),
	}
	file := fileFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p, err := changes(env, *file, args[1:])
		if err != nil {
			return err
		}
		if err := host(env).Update(cmd.Context(), args[0], p); err != nil {
			return err
		}
		say(env, "Successfully updated VM %s", args[0])
		return nil
	}
	return cmd
}

func changes(env *cli.Env, file string, words []string) (vm.Payload, error) {
	if len(words) == 0 {
		return payload(env, "update", file)
	}
	if file != "" {
		return nil, cli.Usagef("unexpected argument %q beside -f", words[0])
	}
	return vm.Assignments(words)
}

func completeUpdate(env *cli.Env) cobra.CompletionFunc {
	machine := completeMachine(env)
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return machine(cmd, args, typed)
		}
		var words []string
		for _, p := range vm.Properties() {
			if p.Assignable() {
				words = append(words, p.Name+"=")
			}
		}
		return words, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	}
}
