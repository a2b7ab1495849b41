package btrfs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Pools reads pools, all when no name is given. One that cannot be imported is
// UNAVAIL, with the reason.
func (b *Backend) Pools(ctx context.Context, names []string) ([]dataset.Pool, error) {
	if err := b.sweepPools(ctx); err != nil {
		return nil, err
	}
	c, err := b.readCache()
	if err != nil {
		return nil, err
	}
	var out []dataset.Pool
	var errs []error
	for _, known := range c.Pools {
		if known.State != "" || len(names) > 0 && !slices.Contains(names, known.Name) {
			continue
		}
		pool, err := b.readPool(ctx, known)
		errs = append(errs, err)
		out = append(out, pool)
	}
	slices.SortFunc(out, func(a, b dataset.Pool) int { return compareNames(a.Name, b.Name) })
	for _, name := range names {
		if !slices.ContainsFunc(out, func(p dataset.Pool) bool { return p.Name == name }) {
			errs = append(errs, dataset.Cannot("open", name, dataset.ErrNoPool))
		}
	}
	return out, errors.Join(errs...)
}

func compareNames(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (b *Backend) readPool(ctx context.Context, known cached) (dataset.Pool, error) {
	out := dataset.Pool{Name: known.Name, Health: dataset.Online, GUID: strconv.FormatUint(known.GUID, 10)}
	p, err := b.read(ctx, known.Name)
	if err != nil {
		out.Health, out.Reason = dataset.Unavail, err.Error()
		out.Action = "Make the devices available and run 'zpool clear " + known.Name + "'."
		for _, path := range known.Devices {
			out.Devices = append(out.Devices, dataset.Device{Path: path, Health: dataset.Unavail})
		}
		return out, nil
	}
	defer p.close()
	if err := p.readDevices(&out); err != nil {
		return out, err
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(p.top.Fd()), &st); err != nil {
		return out, err
	}
	out.Alloc = int64(st.Blocks-st.Bfree) * st.Bsize
	out.Size = int64(st.Blocks) * st.Bsize
	out.Props = p.poolProps(out)
	return out, nil
}

func (p *pool) poolProps(of dataset.Pool) map[string]dataset.Prop {
	own := func(v string) dataset.Prop { return dataset.Prop{Value: v, Source: sourceNone} }
	number := func(n int64) dataset.Prop { return own(strconv.FormatInt(n, 10)) }
	percent := int64(0)
	if of.Size > 0 {
		percent = of.Alloc * 100 / of.Size
	}
	props := map[string]dataset.Prop{
		"name": own(of.Name), "size": number(of.Size), "allocated": number(of.Alloc), "free": number(of.Size - of.Alloc),
		"capacity": number(percent), "health": own(of.Health), "guid": own(of.GUID), "fragmentation": own("-"),
		"expandsize": own("-"), "checkpoint": own("-"), "dedupratio": own("1.00"), "altroot": own(cmp.Or(p.store.altRoot, "-")), "readonly": own("off"),
		"freeing": number(0), "backend": own("btrfs"), "accounting": own(string(p.store.pool.Quota)),
	}
	// What scripts ask for before they use it: streams that can be resumed,
	// bookmarks and so on work here.
	for _, p := range dataset.PoolProperties() {
		if strings.HasPrefix(p.Name, "feature@") {
			props[p.Name] = dataset.Prop{Value: "enabled", Source: sourceLocal}
		}
	}
	props["feature@encryption"] = dataset.Prop{Value: "disabled", Source: sourceLocal}
	for name, def := range poolDefaults {
		props[name] = dataset.Prop{Value: def, Source: sourceDefault}
		if v, ok := p.store.pool.Props[name]; ok {
			props[name] = dataset.Prop{Value: v, Source: sourceLocal}
		}
	}
	return props
}

// poolDefaults are the pool properties that can be set.
var poolDefaults = map[string]string{
	"comment": "-", "autoexpand": "off", "autoreplace": "off", "delegation": "on", "failmode": "wait",
	"listsnapshots": "off", "autotrim": "on", "cachefile": "-", "ashift": "0", "multihost": "off", "bootfs": "-",
}

// poolEffective are those whose value is only kept for people to read or that
// smartbox follows; the others are taken with their default only.
var poolEffective = []string{"comment", "listsnapshots"}

func checkPoolProp(prop, value string) error {
	def, ok := poolDefaults[prop]
	switch {
	case !ok:
		return dataset.As(dataset.ErrProperty, "invalid property '%s'", prop)
	case !slices.Contains(poolEffective, prop) && value != def:
		return dataset.As(dataset.ErrUnsupported, "'%s=%s' is %v", prop, value, dataset.ErrUnsupported)
	case prop == "listsnapshots" && value != "on" && value != "off":
		return dataset.As(dataset.ErrProperty, "'listsnapshots' must be one of 'on | off'")
	case len(value) > 1024:
		return dataset.As(dataset.ErrProperty, "'%s' is too long", prop)
	}
	return nil
}

// SetPool changes a property of a pool.
func (b *Backend) SetPool(ctx context.Context, name, prop, value string) error {
	const op = "set property for"
	if err := checkPoolProp(prop, value); err != nil {
		return dataset.Cannot(op, name, err)
	}
	return b.change(ctx, op, name, func(p *pool) error {
		h := p.store.pool
		h.Props = map[string]string{prop: value}
		for k, v := range p.store.pool.Props {
			if k != prop {
				h.Props[k] = v
			}
		}
		return noSpace(p.commit(entry{Pool: &h}))
	})
}
