package zfs

import (
	"cmp"
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
	scripted, parsable, recursive bool
	depth                         int
	columns, sources, types       string
	json                          jsonOptions
}

// zfs get [-r|-d MAX] [-Hp] [-o FIELD,...] [-s SOURCE,...] [-t TYPE,...] all|PROP,... [DATASET...]
func newGet(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o getOptions
	cmd := &cobra.Command{
		Use:     "get [-r|-d max] [-Hp] [-o all|field[,...]] [-s source[,...]] [-t type[,...]] [-j [--json-int]] all|property[,...] [dataset...]",
		Short:   "show properties",
		Example: "  zfs get -Hpo value quota zones/data",
		Args:    command.Args(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, env, h, args)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.scripted, "scripted", "H", false, "no header, fields separated by one tab")
	f.BoolVarP(&o.parsable, "parsable", "p", false, "exact numbers")
	f.BoolVarP(&o.recursive, "recursive", "r", false, "children too")
	f.IntVarP(&o.depth, "depth", "d", -1, "children too, this many levels")
	f.StringVarP(&o.columns, "output", "o", "name,property,value,source", "name, property, value, received, source, all")
	f.StringVarP(&o.sources, "source", "s", "", "local, default, inherited, received, temporary, none")
	o.json.flags(cmd)
	f.StringVarP(&o.types, "type", "t", "", "filesystem, snapshot, volume, bookmark, all")
	return cmd
}

var getFields = []string{"name", "property", "value", "received", "source"}

var sourceNames = []string{"local", "default", "inherited", "received", "temporary", "none"}

func (o *getOptions) run(cmd *cobra.Command, env *cli.Env, h *zpool.Host, args []string) error {
	columns, err := o.fields()
	if err == nil {
		err = o.json.check(o.scripted)
	}
	if err != nil {
		return err
	}
	ask := zpool.ListOptions{Roots: args[1:]}
	if args[0] != "all" {
		ask.Props = strings.Split(args[0], ",")
		if err := checkProperties(ask.Props); err != nil {
			return err
		}
	}
	asked := ask.Props
	if o.json.on && asked != nil {
		ask.Props = append(slices.Clone(asked), "createtxg")
	}
	if ask.Types, err = parseTypes(o.types); err != nil {
		return err
	}
	if ask.Types == nil {
		ask.Types = typeNames["all"]
	}
	setDepth(&ask, o.recursive, o.depth)
	found, listErr := h.List(cmd.Context(), ask)
	if o.json.on {
		err := o.json.datasets(env, "zfs get", found, o.parsable, func(d zpool.Dataset) []string { return o.shown(d, asked) })
		return errors.Join(err, listErr)
	}
	rows := o.rows(found, ask.Props, columns)
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

func (o *getOptions) fields() ([]string, error) {
	if o.columns == "all" {
		return getFields, nil
	}
	columns := strings.Split(o.columns, ",")
	for source := range strings.SplitSeq(o.sources, ",") {
		if o.sources != "" && !slices.Contains(sourceNames, source) {
			return nil, cli.Usagef("invalid source '%s'", source)
		}
	}
	for _, c := range columns {
		if !slices.Contains(getFields, c) {
			return nil, cli.Usagef("invalid column name '%s'", c)
		}
	}
	return columns, nil
}

func upper(names []string) []out.Column {
	columns := make([]out.Column, len(names))
	for i, name := range names {
		columns[i].Header = strings.ToUpper(name)
	}
	return columns
}

func (o *getOptions) rows(found []zpool.Dataset, props, columns []string) [][]string {
	var rows [][]string
	for _, d := range found {
		for _, prop := range o.shown(d, props) {
			source := d.Props[prop].Source
			fields := map[string]string{
				"name": d.Name, "property": canonical(prop), "value": cell(d, prop, o.parsable), "received": received(d, prop, o.parsable), "source": source,
			}
			row := make([]string, len(columns))
			for i, c := range columns {
				row[i] = fields[c]
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// shown is the properties of d that -s lets through.
func (o *getOptions) shown(d zpool.Dataset, props []string) []string {
	return slices.DeleteFunc(slices.Clone(order(d, props)), func(prop string) bool { return !o.wants(d.Props[prop].Source) })
}

func received(d zpool.Dataset, prop string, parsable bool) string {
	v := d.Props[prop].Received
	if p := dataset.Lookup(prop); p != nil && !parsable {
		return p.Human(v)
	}
	return cmp.Or(v, "-")
}

// canonical is a property's full name.
func canonical(prop string) string {
	if p := dataset.Lookup(prop); p != nil {
		return p.Name
	}
	return prop
}

// order is the properties of d to show: those asked for, or all in the order
// of the table, user properties last.
func order(d zpool.Dataset, props []string) []string {
	if len(props) > 0 {
		return props
	}
	var names, user []string
	for _, p := range dataset.Properties() {
		if _, ok := d.Props[p.Name]; ok {
			names = append(names, p.Name)
		}
	}
	for name := range d.Props {
		if dataset.IsUser(name) {
			user = append(user, name)
		}
	}
	slices.Sort(user)
	return append(names, user...)
}

// wants applies -s.
func (o *getOptions) wants(source string) bool {
	if o.sources == "" {
		return true
	}
	kind, _, _ := strings.Cut(source, " ")
	if kind == "-" {
		kind = "none"
	}
	return slices.Contains(strings.Split(o.sources, ","), kind)
}
