package btrfs

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// describe reads properties of records; none asked for means all.
func (p *pool) describe(records []*record, props []string) ([]dataset.Dataset, error) {
	d := &describer{p: p}
	out := make([]dataset.Dataset, len(records))
	for i, r := range records {
		out[i] = dataset.Dataset{Name: r.Name, Type: r.Type}
		wanted := props
		if len(props) == 0 {
			wanted = p.allProps(r)
		}
		out[i].Props = make(map[string]dataset.Prop, len(wanted))
		for _, name := range wanted {
			v, err := d.prop(r, name)
			if err != nil {
				return nil, err
			}
			out[i].Props[name] = v
		}
	}
	return out, nil
}

// allProps is every native property that r has and every user property that it
// has or inherits.
func (p *pool) allProps(r *record) []string {
	var all []string
	for _, prop := range dataset.Properties() {
		if !prop.Hidden && prop.Has(r.Type) {
			all = append(all, prop.Name)
		}
	}
	user := make(map[string]bool)
	for name := r.Name; name != ""; name = above(name) {
		if a := p.store.byName[name]; a != nil {
			for _, props := range []map[string]string{a.Props, a.Received} {
				for prop := range props {
					user[prop] = dataset.IsUser(prop)
				}
			}
		}
	}
	var names []string
	for prop, yes := range user {
		if yes {
			names = append(names, prop)
		}
	}
	slices.Sort(names)
	return append(all, names...)
}

// describer answers properties, reading the pool's space once and only when
// asked for it.
type describer struct {
	p       *pool
	sp      *space
	cl      map[int64][]string
	snaps   map[string][]*record         // by dataset, oldest first
	content map[contentKey]btrfs.Content // as far as it was asked for
}

var missing = dataset.Prop{Value: "-", Source: sourceNone}

func (d *describer) prop(r *record, name string) (dataset.Prop, error) {
	if name == "name" {
		return dataset.Prop{Value: r.Name, Source: sourceNone}, nil
	}
	if since, ok := strings.CutPrefix(name, dataset.WrittenSince); ok {
		return d.writtenSince(r, since)
	}
	known := dataset.Lookup(name)
	switch {
	case known == nil && !dataset.IsUser(name):
		return missing, dataset.As(dataset.ErrProperty, "bad property list: invalid property '%s'", name)
	case known == nil:
		return d.p.store.prop(r, name), nil
	case !known.Has(r.Type):
		return missing, nil
	case known.Change != dataset.ReadOnly:
		return d.settable(r, known), nil
	}
	v, err := d.readOnly(r, known.Name)
	return dataset.Prop{Value: v, Source: sourceNone}, err
}

func (d *describer) settable(r *record, p *dataset.Property) dataset.Prop {
	v := d.p.store.prop(r, p.Name)
	if p.Name == "mountpoint" && strings.HasPrefix(v.Value, "/") {
		v.Value = path.Join(d.p.store.altRoot, v.Value)
	}
	if p.Change == dataset.AtCreate || p.Name == "volsize" {
		v.Source = sourceNone
	}
	return v
}

func (d *describer) readOnly(r *record, name string) (string, error) {
	switch name {
	case "type":
		return string(r.Type), nil
	case "creation":
		return strconv.FormatInt(r.Created, 10), nil
	case "createtxg":
		return strconv.FormatUint(r.TXG, 10), nil
	case "guid":
		return strconv.FormatUint(r.GUID, 10), nil
	case "objsetid":
		return strconv.FormatInt(r.ID, 10), nil
	case "version":
		return "5", nil
	case "userrefs":
		return strconv.Itoa(len(r.Holds)), nil
	case "defer_destroy":
		if r.Deferred {
			return "on", nil
		}
		return "off", nil
	case "origin":
		if origin := d.p.store.byID[r.Origin]; origin != nil {
			return origin.Name, nil
		}
		return "-", nil
	case "clones":
		return strings.Join(d.clones()[r.ID], ","), nil
	case "receive_resume_token":
		return d.p.token(r)
	case "filesystem_count", "snapshot_count":
		return d.count(r, name == "snapshot_count"), nil
	case "mounted":
		mounted, err := d.p.isMounted(r)
		if mounted {
			return "yes", err
		}
		return "no", err
	}
	return d.measured(r, name)
}

// count is how many filesystems and volumes are below r, or how many snapshots
// it and those have.
func (d *describer) count(r *record, snapshots bool) string {
	n := 0
	for _, b := range d.p.store.byID {
		if dataset.IsBelow(b.Name, r.Name) && (snapshots && b.isSnapshot() || !snapshots && b.isDataset()) {
			n++
		}
	}
	return strconv.Itoa(n)
}

// clones is the names of the clones of each snapshot, by its id.
func (d *describer) clones() map[int64][]string {
	if d.cl == nil {
		d.cl = make(map[int64][]string)
		for _, r := range d.p.store.all(func(r *record) bool { return r.Origin != 0 && r.isDataset() }) {
			d.cl[r.Origin] = append(d.cl[r.Origin], r.Name)
		}
	}
	return d.cl
}
