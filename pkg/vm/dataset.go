package vm

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// snapPrefix marks the snapshots that belong to vmadm.
const snapPrefix = "vmsnap-"

// indestructibleProp is the user property that guards a dataset: its value is
// "on".
const indestructibleProp = "smartbox:indestructible"

// datasetProps are the properties of a machine that its dataset keeps.
var datasetProps = []struct {
	property, native string
	scale            int64 // of the number; 0 for text
}{
	{"quota", "quota", 1 << 30},
	{"zfs_root_recsize", "recordsize", 1},
	{"zfs_root_compression", "compression", 0},
}

// Snapshot is a snapshot of a machine as get shows it.
type Snapshot struct {
	Name    string `json:"name"`
	Size    int64  `json:"size"` // MiB
	Created string `json:"created_at"`
}

// dataset is what the pool knows of a machine.
type dataset struct {
	values    map[string]any
	guarded   bool
	snapshots []Snapshot // newest first
}

func (h *Host) readDataset(ctx context.Context, c *zone.Config) (*dataset, error) {
	name := datasetOf(c)
	props := []string{indestructibleProp, "creation", "used"}
	for _, p := range datasetProps {
		props = append(props, p.native)
	}
	list, err := h.pools.List(ctx, zpool.ListOptions{
		Roots: []string{name}, Recursive: true, Depth: 1,
		Types: []zpool.Type{zpool.Filesystem, zpool.Snapshot}, Props: props,
	})
	if errors.Is(err, zpool.ErrNotFound) || errors.Is(err, zpool.ErrNoPool) {
		return &dataset{}, nil
	}
	if err != nil {
		return nil, err
	}
	d := new(dataset)
	for _, item := range list {
		d.take(name, item)
	}
	slices.SortStableFunc(d.snapshots, func(a, b Snapshot) int { return strings.Compare(b.Created, a.Created) })
	return d, nil
}

func (d *dataset) take(name string, item zpool.Dataset) {
	if item.Name == name {
		d.guarded = item.Get(indestructibleProp) == "on"
		d.values = datasetValues(item)
		return
	}
	snap, ok := strings.CutPrefix(item.Name, name+"@"+snapPrefix)
	if !ok {
		return
	}
	d.snapshots = append([]Snapshot{{
		Name: snap, Size: item.Int("used") >> 20,
		Created: snapStamp(item.Int("creation")),
	}}, d.snapshots...)
}

func snapStamp(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04:05.000Z")
}

func datasetValues(item zpool.Dataset) map[string]any {
	values := make(map[string]any)
	for _, p := range datasetProps {
		text := item.Get(p.native)
		switch {
		case p.scale == 0:
			if text != "" && text != "off" && text != "none" {
				values[p.property] = text
			}
		case text == "" || text == "none":
		default:
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				values[p.property] = n / p.scale
			}
		}
	}
	if values["quota"] == nil {
		values["quota"] = int64(0)
	}
	if values["zfs_root_recsize"] == nil {
		values["zfs_root_recsize"] = int64(131072)
	}
	return values
}

// datasetSettings are the dataset properties that a settled payload asks for.
func (p Payload) datasetSettings() map[string]string {
	props := make(map[string]string)
	for _, d := range datasetProps {
		value, ok := p[d.property]
		if !ok {
			continue
		}
		n, isNumber := value.(int64)
		switch {
		case d.scale == 0:
			props[d.native] = "off"
			if s, _ := value.(string); s != "" {
				props[d.native] = s
			}
		case d.native == "recordsize":
			if isNumber {
				props[d.native] = strconv.FormatInt(n, 10)
			}
		case n == 0: // or null
			props[d.native] = "none"
		default:
			props[d.native] = strconv.FormatInt(n*d.scale, 10)
		}
	}
	return props
}
