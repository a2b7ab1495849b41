package vmadm

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

type listOptions struct {
	parsable, noHeader bool
	order, sort        string
}

// newList is vmadm list [-pH] [-o FIELD,...] [-s FIELD,...] [KEY=VALUE...].
func newList(env *cli.Env) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:               "list [KEY=VALUE...]",
		Short:             "list machines",
		Example:           "  vmadm list -p -o uuid,alias state=running 'alias=~^web'",
		ValidArgsFunction: completeFilter,
		RunE: func(cmd *cobra.Command, args []string) error {
			return list(cmd, env, o, args)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.parsable, "parsable", "p", false, "fields separated by :, no header")
	f.BoolVarP(&o.noHeader, "no-header", "H", false, "no header")
	f.StringVarP(&o.order, "order", "o", "uuid,type,ram,state,alias", "print the columns `FIELD,...`")
	f.StringVarP(&o.sort, "sort", "s", "ram,uuid", "sort by `FIELD,...`; -FIELD sorts downwards")
	registerFields(cmd)
	return cmd
}

func list(cmd *cobra.Command, env *cli.Env, o listOptions, args []string) error {
	filters, err := vm.ParseFilters(args, "filter")
	if err != nil {
		return err
	}
	columns, err := vm.Columns(o.order)
	if err != nil {
		return err
	}
	keys, err := vm.SortKeys(o.sort)
	if err != nil {
		return err
	}
	machines, broken := host(env).List(cmd.Context(), filters)
	if machines == nil && broken != nil {
		return broken
	}
	if err := vm.Sort(machines, keys); err != nil {
		return err
	}
	if err := printList(env, o, columns, machines); err != nil {
		return err
	}
	return broken
}

func printList(env *cli.Env, o listOptions, columns []vm.ListColumn, machines []*vm.Machine) error {
	none := "-"
	if o.parsable {
		none = ""
	}
	rows := make([][]string, len(machines))
	for i, m := range machines {
		cells, err := m.Cells(columns, none)
		if err != nil {
			return err
		}
		rows[i] = cells
	}
	if o.parsable {
		return out.Fields(env.Stdout, ":", rows)
	}
	table := out.Table{NoHeader: o.noHeader, Columns: make([]out.Column, len(columns))}
	for i, c := range columns {
		table.Columns[i] = out.Column{Header: c.Header, Width: c.Width}
	}
	return table.Write(env.Stdout, rows)
}
