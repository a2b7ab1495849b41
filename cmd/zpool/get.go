package zpool

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

type getOptions struct {
	scripted, parsable bool
	columns            string
	json, ints         bool
}

var getFields = []string{"name", "property", "value", "source"}

// zpool get [-Hp] [-o FIELD,...] all|PROP,... [POOL...]
func newGet(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o getOptions
	cmd := &cobra.Command{
		Use:     "get [-Hp] [-o all|field[,...]] [-j [--json-int]] all|property[,...] [pool...]",
		Short:   "show properties of pools",
		Example: "  zpool get -Hpo value free zones",
		Args:    command.Args(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, env, h, args)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.scripted, "scripted", "H", false, "no header, fields separated by one tab")
	f.BoolVarP(&o.parsable, "parsable", "p", false, "exact numbers")
	f.BoolVarP(&o.json, "json", "j", false, "print JSON")
	f.BoolVar(&o.ints, "json-int", false, "with -j: numbers as numbers, exact")
	f.StringVarP(&o.columns, "output", "o", "all", "name, property, value, source, all")
	return cmd
}

func (o *getOptions) run(cmd *cobra.Command, env *cli.Env, h *zpool.Host, args []string) error {
	columns := getFields
	if o.columns != "all" {
		columns = strings.Split(o.columns, ",")
	}
	for _, c := range columns {
		if !slices.Contains(getFields, c) {
			return cli.Usagef("invalid column name '%s'", c)
		}
	}
	props, err := o.properties(args[0])
	if err != nil {
		return err
	}
	pools, listErr := h.Pools(cmd.Context(), args[1:]...)
	if o.json {
		return errors.Join(printProperties(env, "zpool get", pools, props, o.parsable, o.ints), listErr)
	}
	var rows [][]string
	for _, p := range pools {
		for _, prop := range props {
			rows = append(rows, o.row(columns, p, prop))
		}
	}
	if o.scripted {
		err = out.Fields(env.Stdout, "\t", rows)
	} else if len(rows) > 0 {
		err = out.Table{Columns: upper(columns)}.Write(env.Stdout, rows)
	}
	if err != nil {
		return err
	}
	return listErr
}

func (o *getOptions) properties(list string) ([]*dataset.PoolProperty, error) {
	if list != "all" {
		return lookup(list)
	}
	var props []*dataset.PoolProperty
	for i := range dataset.PoolProperties() {
		props = append(props, &dataset.PoolProperties()[i])
	}
	return props, nil
}

func (o *getOptions) row(columns []string, p zpool.Pool, prop *dataset.PoolProperty) []string {
	v := property(p, prop.Name)
	if !o.parsable {
		v.Value = prop.Human(v.Value)
	}
	fields := map[string]string{"name": p.Name, "property": prop.Name, "value": v.Value, "source": v.Source}
	row := make([]string, len(columns))
	for i, c := range columns {
		row[i] = fields[c]
	}
	return row
}

func upper(names []string) []out.Column {
	columns := make([]out.Column, len(names))
	for i, name := range names {
		columns[i].Header = strings.ToUpper(name)
	}
	return columns
}
