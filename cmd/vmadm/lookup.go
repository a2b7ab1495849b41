package vmadm

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

type lookupOptions struct {
	json, unique bool
	order        string
}

// newLookup is vmadm lookup [-j|-1] [-o FIELD,...] [KEY=VALUE...].
func newLookup(env *cli.Env) *cobra.Command {
	var o lookupOptions
	cmd := &cobra.Command{
		Use:               "lookup [KEY=VALUE...]",
		Short:             "find machines by their properties",
		Example:           "  vmadm lookup -1 alias=web01",
		ValidArgsFunction: completeFilter,
		RunE: func(cmd *cobra.Command, args []string) error {
			return lookup(cmd, env, o, args)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.json, "json", "j", false, "print an array of whole machines")
	f.BoolVarP(&o.unique, "unique", "1", false, "fail unless exactly one machine matches")
	f.StringVarP(&o.order, "order", "o", "", "with -j: only `FIELD,...`")
	registerFields(cmd)
	return cmd
}

func lookup(cmd *cobra.Command, env *cli.Env, o lookupOptions, args []string) error {
	if o.order != "" && !o.json {
		return worded("Cannot specify -o without -j")
	}
	filters, err := vm.ParseFilters(args, "lookup")
	if err != nil {
		return err
	}
	machines, broken := host(env).List(cmd.Context(), filters)
	if machines == nil && broken != nil {
		return broken
	}
	if o.unique && len(machines) != 1 {
		return worded("Requested unique lookup but found %d results.", len(machines))
	}
	if !o.json {
		for _, m := range machines {
			if _, err := fmt.Fprintln(env.Stdout, m.UUID()); err != nil {
				return err
			}
		}
		return broken
	}
	return errors.Join(printObjects(env, o.order, machines), broken)
}

func printObjects(env *cli.Env, order string, machines []*vm.Machine) error {
	objects := make([]vm.Object, len(machines))
	for i, m := range machines {
		var err error
		if order == "" {
			objects[i], err = m.Full()
		} else {
			objects[i], err = m.Some(strings.Split(order, ","))
		}
		if err != nil {
			return err
		}
	}
	return printJSON(env, objects)
}
