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

// readDataset reads what the pool knows of one machine. One without a dataset
// has nothing there.
func (h *Host) readDataset(ctx context.Context, c *zone.Config) (*dataset, error) {
	name := datasetOf(c)
	found, err := h.readDatasets(ctx, zpool.ListOptions{Roots: []string{name}, Depth: 1})
	if err != nil || found[name] == nil {
		return &dataset{}, err
	}
	return found[name], nil
}

// readDatasets reads datasets and their snapshots by name.
func (h *Host) readDatasets(ctx context.Context, o zpool.ListOptions) (map[string]*dataset, error) {
	o.Recursive, o.Types = true, []zpool.Type{zpool.Filesystem, zpool.Snapshot}
	o.Props = []string{"userrefs", "creation", "used"}
	for _, p := range datasetProps {
		o.Props = append(o.Props, p.native)
	}
	list, err := h.pools.List(ctx, o)
	if errors.Is(err, zpool.ErrNotFound) || errors.Is(err, zpool.ErrNoPool) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found := make(map[string]*dataset)
	for _, item := range list {
		name, _, _ := strings.Cut(item.Name, "@")
		if found[name] == nil {
			found[name] = new(dataset)
		}
		found[name].take(name, item)
	}
	for _, d := range found {
		slices.SortStableFunc(d.snapshots, func(a, b Snapshot) int { return strings.Compare(b.Created, a.Created) })
	}
	return found, nil
}

// datasets reads all of a pool when the first of its machines asks, for lists
// that show what the pools know.
type datasets struct {
	h     *Host
	pools map[string]map[string]*dataset
}

func (a *datasets) of(ctx context.Context, c *zone.Config) (*dataset, error) {
	pool := poolOf(c)
	found, ok := a.pools[pool]
	if !ok {
		var err error
		found, err = a.h.readDatasets(ctx, zpool.ListOptions{Roots: []string{pool}})
		if err != nil {
			return nil, err
		}
		a.pools[pool] = found
	}
	if d := found[datasetOf(c)]; d != nil {
		return d, nil
	}
	return &dataset{}, nil
}

func (d *dataset) take(name string, item zpool.Dataset) {
	if item.Name == name {
		d.values = datasetValues(item)
		return
	}
	if item.Name == guardOf(name) {
		d.guarded = item.Int("userrefs") > 0
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
