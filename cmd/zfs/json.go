package zfs

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// jsonOptions are -j and --json-int.
type jsonOptions struct{ on, ints bool }

func (j *jsonOptions) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&j.on, "json", "j", false, "print JSON")
	cmd.Flags().BoolVar(&j.ints, "json-int", false, "with -j: numbers as numbers, exact")
}

func (j *jsonOptions) check(scripted bool) error {
	switch {
	case j.ints && !j.on:
		return cli.Usagef("'--json-int' only works with '-j' option")
	case j.on && scripted:
		return cli.Usagef("invalid option combination: -j and -H")
	}
	return nil
}

// datasets prints datasets with the properties that props names for each.
func (j *jsonOptions) datasets(env *cli.Env, command string, found []zpool.Dataset, parsable bool, props func(zpool.Dataset) []string) error {
	all := make(out.Object, 0, len(found))
	for _, d := range found {
		var listed out.Object
		for _, name := range props(d) {
			if name != "name" {
				listed = append(listed, j.property(d, name, parsable))
			}
		}
		all = append(all, out.Member{Key: d.Name, Value: append(j.head(d), out.Member{Key: "properties", Value: listed})})
	}
	return out.JSON(env.Stdout, out.Object{out.Version(command), {Key: "datasets", Value: all}})
}

// head is what every dataset begins with.
func (j *jsonOptions) head(d zpool.Dataset) out.Object {
	head := out.Object{
		{Key: "name", Value: d.Name},
		{Key: "type", Value: strings.ToUpper(string(d.Type))},
		{Key: "pool", Value: dataset.PoolOf(d.Name)},
		{Key: "createtxg", Value: j.number(d.Props["createtxg"].Value)},
	}
	if of, snap, ok := dataset.SplitSnapshot(d.Name); ok {
		head = append(head, out.Member{Key: "dataset", Value: of}, out.Member{Key: "snapshot_name", Value: snap})
	}
	return head
}

func (j *jsonOptions) property(d zpool.Dataset, name string, parsable bool) out.Member {
	v := d.Props[name]
	value := any(cell(d, name, parsable || j.ints))
	if p := dataset.Lookup(name); p != nil && p.Kind != dataset.Text && p.Kind != dataset.Index {
		value = j.number(value.(string))
	}
	kind, from, _ := strings.Cut(v.Source, " from ")
	if kind == "-" || kind == "" {
		kind = "none"
	}
	if from == "" {
		from = "-"
	}
	return out.Member{Key: canonical(name), Value: out.Object{
		{Key: "value", Value: value},
		{Key: "source", Value: out.Object{{Key: "type", Value: strings.ToUpper(kind)}, {Key: "data", Value: from}}},
	}}
}

// number is a number when such were asked for.
func (j *jsonOptions) number(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && j.ints {
		return n
	}
	return text
}
