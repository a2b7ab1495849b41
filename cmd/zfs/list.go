package zfs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

type listOptions struct {
	scripted, parsable, recursive bool
	depth                         int
	columns, types                string
	sort                          []sortKey
	json                          jsonOptions
}

// zfs list [-r|-d MAX] [-Hp] [-o PROP,...] [-s PROP]... [-S PROP]... [-t TYPE,...] [DATASET...]
func newList(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:     "list [-r|-d max] [-Hp] [-o property[,...]] [-s property]... [-S property]... [-t type[,...]] [-j [--json-int]] [dataset...]",
		Short:   "list datasets",
		Example: "  zfs list -Hp -o name,used -t snapshot -s creation zones/data",
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, env, h, args)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.scripted, "scripted", "H", false, "no header, fields separated by one tab")
	f.BoolVarP(&o.parsable, "parsable", "p", false, "exact numbers")
	f.BoolVarP(&o.recursive, "recursive", "r", false, "children too")
	f.IntVarP(&o.depth, "depth", "d", -1, "children too, this many levels")
	f.StringVarP(&o.columns, "output", "o", "name,used,avail,refer,mountpoint", "columns")
	f.StringVarP(&o.types, "type", "t", "", "filesystem, snapshot, volume, bookmark, all")
	f.VarP(&sortFlag{keys: &o.sort}, "sort", "s", "sort by a property, ascending")
	f.VarP(&sortFlag{keys: &o.sort, descending: true}, "sort-descending", "S", "sort by a property, descending")
	o.json.flags(cmd)
	return cmd
}

func (o *listOptions) run(cmd *cobra.Command, env *cli.Env, h *zpool.Host, args []string) error {
	if err := o.json.check(o.scripted); err != nil {
		return err
	}
	columns := o.columnNames()
	ask := zpool.ListOptions{Roots: args, Props: columns, Listed: o.types == ""}
	if o.json.on {
		ask.Props = append(slices.Clone(columns), "createtxg")
	}
	for _, k := range o.sort {
		ask.Props = append(ask.Props, k.prop)
	}
	if err := checkProperties(ask.Props); err != nil {
		return err
	}
	var err error
	if ask.Types, err = parseTypes(o.types); err != nil {
		return err
	}
	setDepth(&ask, o.recursive, o.depth)
	found, listErr := h.List(cmd.Context(), ask)
	if len(found) == 0 && len(args) == 0 && listErr == nil {
		_, err := fmt.Fprintln(env.Stderr, "no datasets available")
		return err
	}
	sortDatasets(found, o.sort)
	if o.json.on {
		err = o.json.datasets(env, "zfs list", found, o.parsable, func(zpool.Dataset) []string { return columns })
		return errors.Join(err, listErr)
	}
	if err := o.print(env, columns, found); err != nil {
		return err
	}
	return listErr
}

// spaceColumns is what -o space stands for.
const spaceColumns = "name,avail,used,usedsnap,usedds,usedrefreserv,usedchild"

func (o *listOptions) columnNames() []string {
	var names []string
	for name := range strings.SplitSeq(o.columns, ",") {
		if name == "space" {
			names = append(names, strings.Split(spaceColumns, ",")...)
			continue
		}
		names = append(names, name)
	}
	return names
}

// setDepth says how far below the named datasets a list goes. Asking for
// snapshots of a dataset means those one level below.
func setDepth(ask *zpool.ListOptions, recursive bool, depth int) {
	ask.Recursive = recursive || depth > 0
	ask.Depth = max(0, depth)
	onlySnapshots := len(ask.Types) > 0
	for _, t := range ask.Types {
		onlySnapshots = onlySnapshots && (t == zpool.Snapshot || t == zpool.Bookmark)
	}
	if onlySnapshots && !ask.Recursive && depth < 0 && len(ask.Roots) > 0 {
		ask.Recursive, ask.Depth = true, 1
	}
}

func (o *listOptions) print(env *cli.Env, columns []string, found []zpool.Dataset) error {
	rows := make([][]string, len(found))
	for i, d := range found {
		rows[i] = make([]string, len(columns))
		for j, name := range columns {
			rows[i][j] = cell(d, name, o.parsable)
		}
	}
	if o.scripted {
		return out.Fields(env.Stdout, "\t", rows)
	}
	if len(rows) == 0 {
		return nil
	}
	return out.Table{Columns: headers(columns, rows)}.Write(env.Stdout, rows)
}

func cell(d zpool.Dataset, name string, parsable bool) string {
	held, has := d.Props[name]
	v, p := held.Value, dataset.Lookup(name)
	switch {
	case has && dataset.IsUser(name):
		return v // which may be empty
	case v == "":
		return "-"
	case p == nil || parsable:
		return v
	}
	return p.Human(v)
}

// headers are columns as zfs(8) has them: numbers flush right and at least
// five wide.
func headers(names []string, rows [][]string) []out.Column {
	columns := make([]out.Column, len(names))
	for i, name := range names {
		columns[i] = out.Column{Header: strings.ToUpper(name)}
		p := dataset.Lookup(name)
		if p == nil {
			continue
		}
		columns[i] = out.Column{Header: p.Head(), Right: p.Right()}
		if p.Right() {
			columns[i].Width = max(5, len(p.Head()))
			for _, row := range rows {
				columns[i].Width = max(columns[i].Width, len(row[i]))
			}
		}
	}
	return columns
}

// checkProperties refuses names that are no property, as an error in the call.
func checkProperties(names []string) error {
	for _, name := range names {
		if dataset.Lookup(name) == nil && !dataset.IsUser(name) {
			return cli.Usagef("bad property list: invalid property '%s'", name)
		}
	}
	return nil
}

var typeNames = map[string][]zpool.Type{
	"filesystem": {zpool.Filesystem}, "fs": {zpool.Filesystem},
	"volume": {zpool.Volume}, "vol": {zpool.Volume},
	"snapshot": {zpool.Snapshot}, "snap": {zpool.Snapshot},
	"bookmark": {zpool.Bookmark},
	"all":      {zpool.Filesystem, zpool.Volume, zpool.Snapshot, zpool.Bookmark},
}

func parseTypes(list string) ([]zpool.Type, error) {
	if list == "" {
		return nil, nil
	}
	var types []zpool.Type
	for name := range strings.SplitSeq(list, ",") {
		t, ok := typeNames[strings.TrimSuffix(name, "s")]
		if !ok {
			if t, ok = typeNames[name]; !ok {
				return nil, cli.Usagef("invalid type '%s'", name)
			}
		}
		types = append(types, t...)
	}
	return types, nil
}
