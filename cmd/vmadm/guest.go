package vmadm

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

// newInfo is vmadm info UUID [TYPE,...].
func newInfo(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:               "info UUID [TYPE,...]",
		Short:             "print what a running machine's hypervisor tells",
		Args:              machineArg(1, -1),
		ValidArgsFunction: completeMachine(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			var types []string
			for _, word := range args[1:] {
				types = append(types, strings.Split(word, ",")...)
			}
			info, err := host(env).Info(cmd.Context(), args[0], types)
			if err != nil {
				return worded("Unable to get VM info for VM %s: %w", args[0], err)
			}
			return printJSON(env, info)
		},
	}
}

// newSysrq is vmadm sysrq UUID nmi|screenshot.
func newSysrq(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:               "sysrq UUID nmi|screenshot",
		Short:             "send a system request to a guest kernel",
		ValidArgsFunction: completeMachine(env),
		Args: func(cmd *cobra.Command, args []string) error {
			if err := machineArg(2, 2)(cmd, args); err != nil {
				return err
			}
			if !slices.Contains(vm.SysrqTypes, args[1]) {
				return cli.Usagef("Invalid sysrq type %q, must be one of: %s", args[1], strings.Join(vm.SysrqTypes, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := host(env).Sysrq(cmd.Context(), args[0], args[1]); err != nil {
				return err
			}
			say(env, "Sent %s to VM %s", strings.ToUpper(args[1]), args[0])
			return nil
		},
	}
}
