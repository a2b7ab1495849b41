package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/platform/esp"
	"github.com/smartbox-os/smartbox/pkg/platform/media"
	"github.com/smartbox-os/smartbox/pkg/platform/pi"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Boot is how a pool boots by itself; not at all when How is empty.
type Boot struct{ Pool, How string }

// uefi is the one way that a pool of ours can boot.
const uefi = "UEFI"

// Bootable says of pools, all when none is named, how they boot.
func Bootable(ctx context.Context, pools *zpool.Host, names ...string) ([]Boot, error) {
	all, err := pools.Pools(ctx, names...)
	if err != nil {
		return nil, err
	}
	var boots []Boot
	for _, p := range all {
		b := Boot{Pool: p.Name}
		parts, err := espsOf(p)
		if err != nil && !errors.Is(err, esp.ErrNone) {
			return nil, err
		}
		for _, part := range parts {
			is, err := esp.Installed(part)
			if err != nil {
				return nil, err
			}
			if is {
				b.How = uefi
			}
		}
		boots = append(boots, b)
	}
	return boots, nil
}

// espsOf is the EFI system partitions on the disks of a pool; an error when not
// a single one has any.
func espsOf(p zpool.Pool) ([]string, error) {
	var parts []string
	var none error
	for _, d := range p.Devices {
		part, err := esp.Of(d.Path)
		if errors.Is(err, esp.ErrNone) {
			none = err
			continue
		}
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("pool %s: %w", p.Name, errors.Join(none))
	}
	return parts, nil
}

// onePool is the pool of a name with its EFI system partitions.
func onePool(ctx context.Context, pools *zpool.Host, name string) ([]string, error) {
	all, err := pools.Pools(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, fmt.Errorf("pool %s: %w", name, zpool.ErrNoPool)
	}
	return espsOf(all[0])
}

// CanBoot fails where a pool has no place for a loader.
func CanBoot(ctx context.Context, pools *zpool.Host, name string) error {
	_, err := onePool(ctx, pools, name)
	return err
}

// MakeBootable puts a loader onto every disk of a pool that has a place for it,
// made of the image that the store says, and returns its stamp. It starts with
// the running system's command line.
func MakeBootable(ctx context.Context, pools *zpool.Host, name string, store *pi.Store) (string, error) {
	parts, err := onePool(ctx, pools, name)
	if err != nil {
		return "", err
	}
	stamp, dir, err := store.LoaderImage()
	if err != nil {
		return "", err
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return "", err
	}
	loader, err := media.Loader(dir, media.DebianBlobs, strings.Join(pi.Entered(string(line)), " "))
	if err != nil {
		return "", fmt.Errorf("loader: %w", err)
	}
	for _, part := range parts {
		if err := esp.Install(part, loader); err != nil {
			return "", err
		}
	}
	return stamp, store.SetLoader(stamp)
}

// MakeUnbootable takes the loaders off a pool's disks.
func MakeUnbootable(ctx context.Context, pools *zpool.Host, name string, store *pi.Store) error {
	parts, err := onePool(ctx, pools, name)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := esp.Remove(part); err != nil {
			return err
		}
	}
	return store.SetLoader("")
}
