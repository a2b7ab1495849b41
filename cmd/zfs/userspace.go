package zfs

import (
	"cmp"
	"os/user"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

type ownerOptions struct {
	groups, numeric, scripted, parsable bool
	columns, sort, sortDown             string
}

// zfs userspace|groupspace [-Hnp] [-o FIELD,...] [-s FIELD] [-S FIELD] FILESYSTEM|SNAPSHOT
func newOwners(env *cli.Env, h *zpool.Host, groups bool) *cobra.Command {
	o := ownerOptions{groups: groups}
	verb, who := "userspace", "user"
	if groups {
		verb, who = "groupspace", "group"
	}
	cmd := &cobra.Command{
		Use:     verb + " [-Hnp] [-o field[,...]] [-s field] [-S field] filesystem|snapshot",
		Short:   "show the space of each " + who,
		Example: "  zfs " + verb + " -p zones/data",
		Args:    command.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, env, h, args[0])
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.numeric, "numeric", "n", false, "numbers of owners, not names")
	f.BoolVarP(&o.scripted, "scripted", "H", false, "no header, fields separated by one tab")
	f.BoolVarP(&o.parsable, "parsable", "p", false, "exact numbers")
	f.StringVarP(&o.columns, "output", "o", "type,name,used,quota", "type, name, used, quota, objused, objquota")
	f.StringVarP(&o.sort, "sort", "s", "name", "sort by a field, ascending")
	f.StringVarP(&o.sortDown, "sort-descending", "S", "", "sort by a field, descending")
	return cmd
}

var ownerFields = []string{"type", "name", "used", "quota", "objused", "objquota"}

func (o *ownerOptions) run(cmd *cobra.Command, env *cli.Env, h *zpool.Host, name string) error {
	columns := strings.Split(o.columns, ",")
	for _, c := range append(columns, o.sort, cmp.Or(o.sortDown, "name")) {
		if !slices.Contains(ownerFields, c) {
			return cli.Usagef("invalid field '%s'", c)
		}
	}
	owners, err := h.Owners(cmd.Context(), name, o.groups)
	if err != nil {
		return err
	}
	slices.SortStableFunc(owners, o.compare)
	rows := make([][]string, len(owners))
	for i, owner := range owners {
		for _, c := range columns {
			rows[i] = append(rows[i], o.cell(owner, c))
		}
	}
	if o.scripted {
		return out.Fields(env.Stdout, "\t", rows)
	}
	head := upper(columns)
	for i, c := range columns {
		head[i].Right = c != "type" && c != "name"
	}
	return out.Table{Columns: head}.Write(env.Stdout, rows)
}

func (o *ownerOptions) compare(a, b zpool.Owner) int {
	by, sign := o.sort, 1
	if o.sortDown != "" {
		by, sign = o.sortDown, -1
	}
	switch by {
	case "used":
		return sign * cmp.Compare(a.Used, b.Used)
	case "objused":
		return sign * cmp.Compare(a.Files, b.Files)
	case "name":
		return sign * strings.Compare(o.cell(a, "name"), o.cell(b, "name"))
	}
	return 0
}

func (o *ownerOptions) cell(owner zpool.Owner, column string) string {
	switch column {
	case "type":
		if o.groups {
			return "POSIX Group"
		}
		return "POSIX User"
	case "name":
		return o.name(owner.ID)
	case "used":
		if !o.parsable {
			return dataset.HumanSize(owner.Used)
		}
		return strconv.FormatInt(owner.Used, 10)
	case "objused":
		return strconv.FormatInt(owner.Files, 10)
	}
	return "none"
}

func (o *ownerOptions) name(id uint32) string {
	number := strconv.FormatUint(uint64(id), 10)
	if o.numeric {
		return number
	}
	if o.groups {
		if g, err := user.LookupGroupId(number); err == nil {
			return g.Name
		}
	} else if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return number
}
