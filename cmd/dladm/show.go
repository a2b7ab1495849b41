package dladm

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/vnic"
)

// showOptions are common to the subcommands that show links.
type showOptions struct {
	parsable   bool
	fields     string
	persistent bool
	zone       string
	bare       bool // -p does without -o
}

func (o *showOptions) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&o.parsable, "parsable", "p", false, "for scripts: no header, colons between")
	cmd.Flags().StringVarP(&o.fields, "output", "o", "", "the `fields` to show, or all")
	cmd.Flags().BoolVarP(&o.persistent, "persistent", "P", false, "what is configured to last")
	cmd.Flags().StringVarP(&o.zone, "zone", "z", "", "links of this `zone` only")
}

// column is a field of the output and what it holds.
type column struct {
	out.Column
	cell func(vnic.Link) string
}

// show prints the links that wanted accepts, and that are called name unless
// that is empty.
func show(env *cli.Env, o showOptions, columns []column, name string, wanted func(vnic.Link) bool) error {
	table := listing(o, columns)
	if _, err := table.Choose(); err != nil {
		return usagef("%w", err)
	}
	links, err := vnic.New(env.Root, env.Log).Links()
	if err != nil {
		return err
	}
	var rows [][]string
	for _, link := range links {
		if !wanted(link) || name != "" && link.Name != name || o.zone != "" && link.Zone != o.zone || o.persistent && !lasts(link) {
			continue
		}
		rows = append(rows, cells(columns, link))
	}
	if name != "" && len(rows) == 0 {
		return fmt.Errorf("link %s: %w", name, vnic.ErrNotFound)
	}
	return table.Write(env.Stdout, rows)
}

func listing(o showOptions, columns []column) out.Listing {
	table := out.Listing{Choice: o.fields, Parsable: o.parsable, Bare: o.bare}
	for _, c := range columns {
		table.Columns = append(table.Columns, c.Column)
	}
	return table
}

func cells(columns []column, link vnic.Link) []string {
	row := make([]string, len(columns))
	for i, c := range columns {
		row[i] = c.cell(link)
	}
	return row
}

// lasts reports whether a link is there after a boot of the host.
func lasts(l vnic.Link) bool { return l.Persistent || l.Class == vnic.ClassPhys }

func number(n int) string { return strconv.Itoa(n) }
