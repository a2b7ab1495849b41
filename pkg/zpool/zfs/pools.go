package zfs

import (
	"context"
	"errors"
	"strconv"
	"strings"

	gozfs "github.com/mistifyio/go-zfs/v4"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Pools reads pools, all when no name is given.
func (b *Backend) Pools(ctx context.Context, names []string) ([]dataset.Pool, error) {
	args := append([]string{"get", "-Hp", "-o", "name,property,value,source", "all"}, names...)
	text, runErr := b.run(ctx, "zpool", args...)
	found, err := parseGet(text)
	pools := make([]dataset.Pool, len(found))
	for i, f := range found {
		pools[i] = dataset.Pool{
			Name: f.Name, Health: f.Get("health"), GUID: f.Get("guid"), Size: f.Int("size"),
			Alloc: f.Int("allocated"), Props: f.Props,
		}
		if pools[i].Health != dataset.Online {
			pools[i].Reason = "see zpool status of OpenZFS"
		}
	}
	return pools, errors.Join(runErr, err)
}

// CreatePool makes a pool.
func (b *Backend) CreatePool(ctx context.Context, name string, o dataset.PoolOptions) error {
	_, err := b.run(ctx, "zpool", poolArgs(name, o)...)
	return err
}

func poolArgs(name string, o dataset.PoolOptions) []string {
	args := append([]string{"create"}, flags(map[string]bool{"-f": o.Force})...)
	if o.Mountpoint != "" {
		args = append(args, "-m", o.Mountpoint)
	}
	args = append(args, options(o.PoolProps)...)
	for _, a := range options(o.Props) {
		args = append(args, strings.Replace(a, "-o", "-O", 1))
	}
	if o.AltRoot != "" {
		args = append(args, "-R", o.AltRoot)
	}
	return append(append(args, name), vdevArgs(o)...)
}

// DestroyPool destroys a pool.
func (b *Backend) DestroyPool(ctx context.Context, name string, force bool) error {
	if force {
		_, err := b.run(ctx, "zpool", "destroy", "-f", name)
		return err
	}
	b.library()
	err := (&gozfs.Zpool{Name: name}).Destroy()
	if said, ok := errors.AsType[*gozfs.Error](err); ok {
		return understand(said.Stderr, err)
	}
	return err
}

// ExportPool takes a pool out of use.
func (b *Backend) ExportPool(ctx context.Context, name string, force bool) error {
	_, err := b.run(ctx, "zpool", append(append([]string{"export"}, flags(map[string]bool{"-f": force})...), name)...)
	return err
}

// ImportPool takes a pool in use.
func (b *Backend) ImportPool(ctx context.Context, name string, o dataset.ImportOptions) error {
	args := append([]string{"import"}, flags(map[string]bool{"-f": o.Force, "-N": o.NoMount})...)
	if o.Cache != "" {
		args = append(args, "-c", o.Cache)
	}
	if o.AltRoot != "" {
		args = append(args, "-R", o.AltRoot)
	}
	args = append(append(args, dirArgs(o.Dirs)...), name)
	if o.As != "" {
		args = append(args, o.As)
	}
	_, err := b.run(ctx, "zpool", args...)
	return err
}

func dirArgs(dirs []string) []string {
	var args []string
	for _, d := range dirs {
		args = append(args, "-d", d)
	}
	return args
}

// Importable lists pools that could be imported.
func (b *Backend) Importable(ctx context.Context, dirs []string) ([]dataset.Pool, error) {
	text, err := b.run(ctx, "zpool", append([]string{"import"}, dirArgs(dirs)...)...)
	if err != nil && strings.Contains(err.Error(), "no pools available") {
		err = nil
	}
	return parseImportable(text), err
}

// parseImportable reads the "pool:", "id:" and "state:" lines of zpool import.
func parseImportable(text string) []dataset.Pool {
	var pools []dataset.Pool
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || key != "pool" && len(pools) == 0 {
			continue
		}
		switch key {
		case "pool":
			pools = append(pools, dataset.Pool{Name: value})
		case "id":
			if _, err := strconv.ParseUint(value, 10, 64); err == nil {
				pools[len(pools)-1].GUID = value
			}
		case "state":
			pools[len(pools)-1].Health = value
		}
	}
	return pools
}

// SetPool changes a property of a pool.
func (b *Backend) SetPool(ctx context.Context, name, prop, value string) error {
	_, err := b.run(ctx, "zpool", "set", prop+"="+value, name)
	return err
}
