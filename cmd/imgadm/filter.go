package imgadm

import (
	"strings"

	"github.com/smartbox-os/smartbox/internal/cli"
)

// filter is one FIELD=VALUE or FIELD=~PART.
type filter struct {
	field, value string
	part         bool
}

func parseFilters(args []string) ([]filter, error) {
	var filters []filter
	for _, arg := range args {
		field, value, ok := strings.Cut(arg, "=")
		if !ok || field == "" {
			return nil, cli.Usagef("%q is not a filter like FIELD=VALUE or FIELD=~PART", arg)
		}
		value, part := strings.CutPrefix(value, "~")
		filters = append(filters, filter{field, value, part})
	}
	return filters, nil
}

// match says whether all filters fit; a field that is not there fits none.
func match(filters []filter, i item) bool {
	for _, f := range filters {
		got, ok := i.field(f.field)
		switch {
		case !ok, f.part && !strings.Contains(got, f.value), !f.part && got != f.value:
			return false
		}
	}
	return true
}
