package zfs

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// sortKey is one -s or -S; earlier ones weigh more.
type sortKey struct {
	prop       string
	descending bool
}

// sortFlag collects -s and -S in the order they were given.
type sortFlag struct {
	keys       *[]sortKey
	descending bool
}

func (f *sortFlag) String() string { return "" }
func (f *sortFlag) Type() string   { return "property" }
func (f *sortFlag) Set(prop string) error {
	*f.keys = append(*f.keys, sortKey{prop, f.descending})
	return nil
}

// sortDatasets sorts by keys; equal ones keep their order.
func sortDatasets(all []zpool.Dataset, keys []sortKey) {
	if len(keys) == 0 {
		return
	}
	slices.SortStableFunc(all, func(a, b zpool.Dataset) int {
		for _, k := range keys {
			if c := compareBy(k, a, b); c != 0 {
				return c
			}
		}
		return 0
	})
}

func compareBy(k sortKey, a, b zpool.Dataset) int {
	x, y := a.Props[k.prop].Value, b.Props[k.prop].Value
	switch { // without a value last
	case x == "-" && y != "-":
		return 1
	case x != "-" && y == "-":
		return -1
	}
	c := cmp.Compare(x, y)
	if p := dataset.Lookup(k.prop); p != nil && p.Kind != dataset.Text && p.Kind != dataset.Index {
		n, _ := strconv.ParseFloat(x, 64)
		m, _ := strconv.ParseFloat(y, 64)
		c = cmp.Compare(n, m)
	}
	if k.descending {
		return -c
	}
	return c
}
