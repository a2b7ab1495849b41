package zpool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

type listOptions struct {
	scripted, parsable, verbose bool
	columns                     string
	json, ints                  bool
}

const defaultColumns = "name,size,alloc,free,ckpoint,expandsz,frag,cap,dedup,health,altroot"

// zpool list [-Hpv] [-o PROP,...] [POOL...]
func newList(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:     "list [-Hpv] [-o property[,...]] [-j [--json-int]] [pool...]",
		Short:   "list pools and their space",
		Example: "  zpool list -Hpo name,free,health",
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, env, h, args)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.scripted, "scripted", "H", false, "no header, fields separated by one tab")
	f.BoolVarP(&o.parsable, "parsable", "p", false, "exact numbers")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "devices too")
	f.BoolVarP(&o.json, "json", "j", false, "print JSON")
	f.BoolVar(&o.ints, "json-int", false, "with -j: numbers as numbers, exact")
	f.StringVarP(&o.columns, "output", "o", defaultColumns, "columns")
	return cmd
}

func (o *listOptions) run(cmd *cobra.Command, env *cli.Env, h *zpool.Host, args []string) error {
	columns, err := lookup(o.columns)
	if err != nil {
		return err
	}
	pools, listErr := h.Pools(cmd.Context(), args...)
	if o.json {
		return errors.Join(printProperties(env, "zpool list", pools, columns, o.parsable, o.ints), listErr)
	}
	if len(pools) == 0 && listErr == nil {
		_, err := fmt.Fprintln(env.Stdout, "no pools available")
		return err
	}
	var rows [][]string
	for _, p := range pools {
		rows = append(rows, o.row(columns, func(name string) string { return property(p, name).Value }))
		if o.verbose {
			rows = append(rows, o.deviceRows(columns, p)...)
		}
	}
	if err := o.print(env, columns, rows); err != nil {
		return err
	}
	return listErr
}

// deviceRows are a pool's mirrors and devices.
func (o *listOptions) deviceRows(columns []*dataset.PoolProperty, p zpool.Pool) [][]string {
	var rows [][]string
	for i, group := range p.Layout.Groups(p.Devices) {
		indent := "  "
		if len(group) > 1 {
			mirror := zpool.Device{Path: fmt.Sprintf("mirror-%d", i), Health: groupHealth(group), Size: group[0].Size, Alloc: group[0].Alloc}
			rows = append(rows, o.row(columns, func(name string) string { return o.deviceProperty(indent, mirror, name) }))
			indent += "  "
		}
		for _, d := range group {
			rows = append(rows, o.row(columns, func(name string) string { return o.deviceProperty(indent, d, name) }))
		}
	}
	return rows
}

func lookup(list string) ([]*dataset.PoolProperty, error) {
	var columns []*dataset.PoolProperty
	for name := range strings.SplitSeq(list, ",") {
		p := dataset.LookupPool(name)
		if p == nil {
			return nil, cli.Usagef("bad property list: invalid property '%s'", name)
		}
		columns = append(columns, p)
	}
	return columns, nil
}

// property is a pool's property, "-" when a pool that is not there has none.
func property(p zpool.Pool, name string) zpool.Prop {
	if v, ok := p.Props[name]; ok {
		return v
	}
	v := map[string]string{"name": p.Name, "health": p.Health, "guid": p.GUID}[name]
	if v == "" {
		v = "-"
	}
	return zpool.Prop{Value: v, Source: "-"}
}

func (o *listOptions) deviceProperty(indent string, d zpool.Device, name string) string {
	switch name {
	case "name":
		if o.scripted {
			return shown(d)
		}
		return indent + shown(d)
	case "size":
		return strconv.FormatInt(d.Size, 10)
	case "health":
		return d.Health
	}
	return "-"
}

func (o *listOptions) row(columns []*dataset.PoolProperty, value func(string) string) []string {
	row := make([]string, len(columns))
	for i, c := range columns {
		row[i] = value(c.Name)
		if !o.parsable {
			row[i] = c.Human(row[i])
		}
	}
	return row
}

func (o *listOptions) print(env *cli.Env, columns []*dataset.PoolProperty, rows [][]string) error {
	if o.scripted {
		return out.Fields(env.Stdout, "\t", rows)
	}
	if len(rows) == 0 {
		return nil
	}
	table := out.Table{}
	for i, c := range columns {
		column := out.Column{Header: c.Header, Right: c.Right()}
		if c.Right() {
			column.Width = max(5, len(c.Header))
			for _, row := range rows {
				column.Width = max(column.Width, len(row[i]))
			}
		}
		table.Columns = append(table.Columns, column)
	}
	return table.Write(env.Stdout, rows)
}
