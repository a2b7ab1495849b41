package img

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/img/manifest"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Installed reads one installed image; an empty pool is zones. The error is
// ErrNotInstalled when it is not there.
func (h *Host) Installed(ctx context.Context, uuid, pool string) (*Image, error) {
	if pool == "" {
		pool = DefaultPool
	}
	if !manifest.IsUUID(uuid) {
		return nil, InvalidUUID(uuid)
	}
	all, err := h.scan(ctx, pool+"/"+uuid)
	if err != nil {
		return nil, err
	}
	for _, i := range all {
		return i, nil
	}
	return nil, notInstalled(uuid, pool)
}

// List reads all installed images, pool by pool.
func (h *Host) List(ctx context.Context) ([]*Image, error) {
	images, err := h.scan(ctx)
	if err != nil {
		return nil, err
	}
	clones, err := h.clones(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range images {
		i.CloneNames = clones[i.Dataset()]
		i.Clones = len(i.CloneNames)
	}
	return images, nil
}

// clones maps datasets to those that were cloned from their snapshots.
func (h *Host) clones(ctx context.Context) (map[string][]string, error) {
	datasets, err := h.pools.List(ctx, zpool.ListOptions{
		Recursive: true, Types: []zpool.Type{zpool.Filesystem, zpool.Volume}, Props: []string{"origin"},
	})
	if err != nil {
		return nil, fail(CodeInternal, "list datasets: %w", err)
	}
	clones := map[string][]string{}
	for _, d := range datasets {
		if from, _, ok := strings.Cut(d.Get("origin"), "@"); ok {
			clones[from] = append(clones[from], d.Name)
		}
	}
	return clones, nil
}

// scan finds the images among the datasets: POOL/UUID with a snapshot @final
// of its own that no machine lives in and nobody marked as something else.
func (h *Host) scan(ctx context.Context, roots ...string) ([]*Image, error) {
	o := zpool.ListOptions{
		Roots: roots, Recursive: true, Depth: 1,
		Types: []zpool.Type{zpool.Filesystem, zpool.Volume, zpool.Snapshot},
		Props: []string{"mountpoint", ignoreProp},
	}
	if len(roots) == 0 {
		o.Depth = 2 // pool, dataset, snapshot
	}
	datasets, err := h.pools.List(ctx, o)
	if errors.Is(err, zpool.ErrNotFound) || errors.Is(err, zpool.ErrNoPool) {
		return nil, nil
	}
	if err != nil {
		return nil, fail(CodeInternal, "list datasets: %w", err)
	}
	final := map[string]bool{}
	for _, d := range datasets {
		if name, ok := strings.CutSuffix(d.Name, finalSnapshot); ok && d.Type == zpool.Snapshot {
			final[name] = true
		}
	}
	var images []*Image
	for _, d := range datasets {
		pool, uuid, ok := strings.Cut(d.Name, "/")
		if !ok || !final[d.Name] || !manifest.IsUUID(uuid) || d.Get(ignoreProp) == "true" || h.isMachine(uuid) {
			continue
		}
		r := h.readRecord(pool, uuid)
		images = append(images, &Image{Manifest: r.Manifest, Pool: pool, Source: r.Source, Dir: h.mounted(d)})
	}
	return images, nil
}

// ignoreProp marks datasets that look like images and are none.
const ignoreProp = "imgadm:ignore"

// isMachine tells a machine's dataset, whatever its snapshots are called: its
// configuration lies under its name among the zones'.
func (h *Host) isMachine(uuid string) bool {
	_, err := os.Lstat(filepath.Join(h.root.Zones(), uuid+".json"))
	return err == nil
}
