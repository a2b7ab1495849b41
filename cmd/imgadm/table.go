package imgadm

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
)

// listing is what the lists have in common: columns, order, filters.
type listing struct {
	json     bool
	noHeader bool
	columns  string
	order    string
}

func (l *listing) flags(c *cobra.Command, columns, order string) {
	f := c.Flags()
	f.BoolVarP(&l.json, "json", "j", false, "JSON")
	f.BoolVarP(&l.noHeader, "no-header", "H", false, "no header")
	f.StringVarP(&l.columns, "output", "o", columns, "the `fields` to show")
	f.StringVarP(&l.order, "sort", "s", order, "the `fields` to sort by, -FIELD for reverse order")
}

// fieldNames are those that a column may have: what manifests hold and what
// is computed.
var fieldNames = strings.Fields(`uuid owner name version description homepage eula icon state disabled public
	published_at type os origin files acl requirements users billing_tags traits tags generate_passwords
	inherited_directories channels channel nic_driver disk_driver cpu_type image_size v error urn
	published published_date pub source zpool clones size`)

// names takes a list of fields apart.
func names(list string) ([]string, error) {
	var fields []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		top, _, _ := strings.Cut(strings.TrimLeft(name, "-+"), ".")
		if !slices.Contains(fieldNames, top) {
			return nil, cli.Usagef("unknown field %q; the fields are %s", name, strings.Join(fieldNames, ", "))
		}
		fields = append(fields, name)
	}
	return fields, nil
}

// chosen filters and sorts.
func (l *listing) chosen(items []item, args []string) ([]item, error) {
	filters, err := parseFilters(args)
	if err != nil {
		return nil, err
	}
	order, err := names(l.order)
	if err != nil {
		return nil, err
	}
	items = slices.DeleteFunc(items, func(i item) bool { return !match(filters, i) })
	slices.SortStableFunc(items, func(a, b item) int {
		for _, name := range order {
			if c := compare(a, b, strings.TrimLeft(name, "-+")); c != 0 {
				if name[0] == '-' {
					return -c
				}
				return c
			}
		}
		return 0
	})
	return items, nil
}

// compare puts numbers in their order and absent fields first.
func compare(a, b item, name string) int {
	x, okX := a.field(name)
	y, okY := b.field(name)
	if !okX || !okY {
		return cmp.Compare(boolToInt(okX), boolToInt(okY))
	}
	n, errN := strconv.ParseFloat(x, 64)
	m, errM := strconv.ParseFloat(y, 64)
	if errN == nil && errM == nil {
		return cmp.Compare(n, m)
	}
	return strings.Compare(x, y)
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// table prints the columns. Nothing at all is printed when there is no row.
func (l *listing) table(w io.Writer, items []item) error {
	fields, err := names(l.columns)
	if err != nil || len(items) == 0 {
		return err
	}
	t := out.Table{NoHeader: l.noHeader}
	for _, name := range fields {
		t.Columns = append(t.Columns, out.Column{Header: strings.ToUpper(name)})
	}
	rows := make([][]string, len(items))
	for n, i := range items {
		for _, name := range fields {
			cell, ok := i.field(name)
			if !ok || cell == "" {
				cell = "-"
			}
			rows[n] = append(rows[n], printable(cell))
		}
	}
	return t.Write(w, rows)
}

// printJSON prints a value for programs, members in their order.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
