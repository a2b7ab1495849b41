package vm

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// List reads the machines that match all filters. Those that cannot be read
// are reported in the error, beside the rest.
func (h *Host) List(ctx context.Context, filters []Filter) ([]*Machine, error) {
	if err := h.mendAll(ctx); err != nil {
		return nil, err
	}
	all, broken := h.candidates(filters)
	busy := h.busy()
	list := make([]*Machine, 0, len(all))
	shared := &datasets{h: h, pools: make(map[string]map[string]*dataset)}
	for _, s := range all {
		if s.Config.UUID == "" {
			continue // made by zonecfg and never installed: no machine yet
		}
		m := h.machine(ctx, s)
		m.doing = busy[s.Name]
		if len(all) > 1 {
			m.all = shared
		}
		ok, err := m.Matches(filters)
		if err != nil {
			if _, gone := h.zones.Load(s.Name); gone != nil {
				continue
			}
			return nil, err
		}
		if ok {
			list = append(list, m)
		}
	}
	return list, broken
}

// candidates are the zones that could match: one when a filter names it.
func (h *Host) candidates(filters []Filter) ([]zone.Status, error) {
	for _, f := range filters {
		if f.Key == "uuid" && f.re == nil && IsUUID(f.value) {
			s, err := h.find(f.value)
			if err != nil {
				return nil, nil
			}
			return []zone.Status{s}, nil
		}
	}
	return h.zones.List()
}

// ListColumn is one column of vmadm list.
type ListColumn struct {
	Key    string
	Header string
	Width  int
}

// Columns reads the argument of list -o.
func Columns(text string) ([]ListColumn, error) {
	keys := strings.Split(text, ",")
	columns := make([]ListColumn, len(keys))
	for i, key := range keys {
		if strings.Contains(key, "*") {
			return nil, worded("Invalid order key: %q", key)
		}
		if !isKey(key, false) {
			return nil, fmt.Errorf("invalid order field: %s", key)
		}
		columns[i] = ListColumn{key, strings.ToUpper(key), 20}
		if row, ok := Lookup(key); ok {
			columns[i].Header, columns[i].Width, _ = row.Column()
		}
	}
	return columns, nil
}

// SortKey is one key of list -s.
type SortKey struct {
	Key  string
	Desc bool
}

// SortKeys reads the argument of list -s.
func SortKeys(text string) ([]SortKey, error) {
	var keys []SortKey
	for word := range strings.SplitSeq(text, ",") {
		key := strings.TrimPrefix(strings.TrimPrefix(word, "+"), "-")
		if !isKey(key, false) {
			return nil, fmt.Errorf("invalid sort field: %s", key)
		}
		keys = append(keys, SortKey{key, strings.HasPrefix(word, "-")})
	}
	return keys, nil
}

// Sort orders machines by keys, the first counting most.
func Sort(list []*Machine, keys []SortKey) error {
	type row struct {
		m      *Machine
		values []any
	}
	rows := make([]row, len(list))
	for i, m := range list {
		rows[i] = row{m, make([]any, len(keys))}
		for k, key := range keys {
			value, err := m.Field(key.Key)
			if err != nil {
				return err
			}
			rows[i].values[k] = value
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		for k, key := range keys {
			if c := compare(a.values[k], b.values[k], key.Desc); c != 0 {
				return c
			}
		}
		return 0
	})
	for i := range rows {
		list[i] = rows[i].m
	}
	return nil
}

// compare orders values as JavaScript does: numbers by size, the rest as text;
// what is missing comes last either way.
func compare(a, b any, desc bool) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	c := 0
	an, aok := a.(int64)
	bn, bok := b.(int64)
	if aok && bok {
		c = cmp.Compare(an, bn)
	} else {
		c = strings.Compare(Text(a), Text(b))
	}
	if desc {
		return -c
	}
	return c
}

// Cells are the machine's row of a list: missing and false values are none.
func (m *Machine) Cells(columns []ListColumn, none string) ([]string, error) {
	cells := make([]string, len(columns))
	for i, c := range columns {
		value, err := m.Field(c.Key)
		if err != nil {
			return nil, err
		}
		cells[i] = Text(value)
		if value == nil || value == false || cells[i] == "" {
			cells[i] = none
		}
	}
	return cells, nil
}
