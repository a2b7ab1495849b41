package vmadm

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

// newValidate is vmadm validate create [-f FILE] and validate update BRAND
// [-f FILE].
func newValidate(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "validate create|update [BRAND]",
		Short:   "judge a payload without doing anything",
		Example: "  vmadm validate create -f web.json\n  vmadm validate update lx -f change.json",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			switch len(args) {
			case 0:
				return []string{"create", "update"}, cobra.ShellCompDirectiveNoFileComp
			case 1:
				return vm.BrandNames(), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
	file := fileFlag(cmd)
	cmd.Args = func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return cli.Usagef("Must specify an action: create or update")
		case args[0] == "update" && len(args) != 2:
			return cli.Usagef("Must specify a brand for update")
		case len(args) > 2 || args[0] == "create" && len(args) > 1:
			return cli.Usagef("Too many arguments for validate")
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return validate(cmd, env, *file, args) }
	return cmd
}

func validate(cmd *cobra.Command, env *cli.Env, file string, args []string) error {
	p, err := payload(env, "validate", file)
	if err != nil {
		return err
	}
	brand, _ := p["brand"].(string)
	if len(args) == 2 {
		brand = args[1]
	}
	actions := map[string]vm.Action{"create": vm.Create, "update": vm.Update, "receive": vm.Receive}
	bad, err := vm.Validate(p, actions[args[0]], brand, host(env).Site(cmd.Context()))
	if err != nil {
		return err
	}
	if bad == nil {
		say(env, "VALID '%s' payload for %s brand VMs.", args[0], brand)
		return nil
	}
	text, err := vm.Indent(bad.Answer())
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "%s", text)
	return cli.Exit(cli.ExitFailed)
}
