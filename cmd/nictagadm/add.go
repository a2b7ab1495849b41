package nictagadm

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/vnic"
)

func newAdd(env *cli.Env) *cobra.Command {
	var local bool
	var props []string
	cmd := &cobra.Command{
		Use:   "add [-p prop=value,...] <name> [mac|aggr] | add -l <etherstub>",
		Short: "add a nic tag, or an etherstub",
		Args:  command.Args(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if local {
				if len(args) != 1 || len(props) > 0 {
					return cli.Usagef("an etherstub has a name and nothing else")
				}
				return host(env).AddStub(cmd.Context(), args[0])
			}
			spec, err := parseSpec(args[1:], props)
			if err != nil {
				return err
			}
			return host(env).AddTag(cmd.Context(), args[0], spec)
		},
	}
	cmd.Flags().BoolVarP(&local, "local", "l", false, "make an etherstub of that name")
	addProps(cmd, &props)
	return cmd
}

func addProps(cmd *cobra.Command, props *[]string) {
	cmd.Flags().StringArrayVarP(props, "prop", "p", nil, "`properties`: mac, mtu, mode")
}

func newUpdate(env *cli.Env) *cobra.Command {
	var props []string
	cmd := &cobra.Command{
		Use:   "update [-p prop=value,...] <name> [mac|aggr]",
		Short: "change a nic tag",
		Args:  command.Args(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := parseSpec(args[1:], props)
			if err != nil {
				return err
			}
			if spec.MAC == nil && spec.Aggr == "" && spec.MTU == 0 && spec.Mode == "" {
				return cli.Usagef("nothing to change: give a MAC address or -p")
			}
			if err := host(env).UpdateTag(cmd.Context(), args[0], spec); err != nil {
				return err
			}
			fmt.Fprintln(env.Stderr, "Note: machines that are running see the change at their next boot")
			return nil
		},
	}
	addProps(cmd, &props)
	return cmd
}

// parseSpec reads the operand after the name, and the properties.
func parseSpec(args, props []string) (spec vnic.TagSpec, err error) {
	words := strings.FieldsFunc(strings.Join(props, ","), func(r rune) bool { return r == ',' })
	for _, arg := range args {
		words = append(words, "mac="+arg)
	}
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "mac":
			if spec.MAC != nil || spec.Aggr != "" {
				return spec, cli.Usagef("the MAC address is given twice")
			}
			if spec.MAC, err = vnic.ParseMAC(value); err != nil {
				spec.Aggr = value
			}
		case "mtu":
			if spec.MTU, err = strconv.Atoi(value); err != nil {
				return spec, fmt.Errorf("mtu %q is not a number", value)
			}
		case "mode":
			spec.Mode = value
		default:
			return spec, cli.Usagef("unknown property %q: there are mac, mtu and mode", name)
		}
	}
	return spec, nil
}
