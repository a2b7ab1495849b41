package zone

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/internal/copytree"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// clonePrefix begins the names of snapshots that Clone takes: SUNWzone1 ...
const clonePrefix = "SUNWzone"

// CloneOptions say how a zone is cloned.
type CloneOptions struct {
	Copy     bool   // file by file, also where a dataset could be cloned
	Snapshot string // of the source's dataset, taken by an earlier clone
}

// Clone installs a configured zone as a copy of an installed one that is down.
// Datasets are cloned, directories copied.
func (h *Host) Clone(ctx context.Context, name, source string, o CloneOptions) error {
	ctx, release, err := h.Hold(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	ctx, releaseSource, err := h.Hold(ctx, source)
	if err != nil {
		return err
	}
	defer releaseSource()
	c, err := h.installable("clone", name)
	if err != nil {
		return err
	}
	from, err := h.cloneSource(ctx, c, source)
	if err != nil {
		return err
	}
	to, err := h.newHome(ctx, c.Path, from.dataset == "")
	if err != nil {
		return err
	}
	if err := h.vacant(ctx, to); err != nil {
		return &OpError{"clone", name, err}
	}
	if !o.Copy && from.dataset != "" && samePool(from.dataset, to.dataset) {
		return h.cloneDataset(ctx, c, from, to, o.Snapshot)
	}
	if o.Snapshot != "" {
		return &OpError{"clone", name, errors.New("a snapshot can only be cloned within one pool")}
	}
	return h.cloneFiles(ctx, c, from, to)
}

func (h *Host) cloneSource(ctx context.Context, c *Config, source string) (home, error) {
	s, err := h.down(ctx, "clone", source)
	if err != nil {
		return home{}, err
	}
	if s.State != Installed {
		return home{}, &StateError{"clone", source, s.State}
	}
	if s.Config.Brand != c.Brand {
		return home{}, &OpError{"clone", c.Name, fmt.Errorf("brand %s differs from brand %s of zone %s", c.Brand, s.Config.Brand, source)}
	}
	return h.homeOf(ctx, s.Config)
}

func samePool(a, b string) bool {
	poolA, _, _ := strings.Cut(a, "/")
	poolB, _, _ := strings.Cut(b, "/")
	return poolA == poolB
}

func (h *Host) cloneDataset(ctx context.Context, c *Config, from, to home, snapshot string) error {
	t := Transition{Op: "clone", Dataset: to.dataset}
	if snapshot == "" {
		free, err := h.freeSnapshot(ctx, from.dataset)
		if err != nil {
			return err
		}
		snapshot, t.Snapshot = free, free
	} else if set, _, ok := strings.Cut(snapshot, "@"); !ok || set != from.dataset {
		return &OpError{"clone", c.Name, fmt.Errorf("%s is no snapshot of %s", snapshot, from.dataset)}
	}
	if err := h.begin(ctx, c.Name, t); err != nil {
		return err
	}
	if err := h.settleClone(ctx, c, to, snapshot, t.Snapshot != ""); err != nil {
		return h.undo(ctx, "clone", c.Name, err)
	}
	return h.finish(ctx, c.Name, Installed, to.identify)
}

func (h *Host) settleClone(ctx context.Context, c *Config, to home, snapshot string, take bool) error {
	if take {
		h.reach("snapshot")
		if err := h.pools.Snapshot(ctx, []string{snapshot}, zpool.SnapshotOptions{}); err != nil {
			return err
		}
	}
	return h.settle(ctx, c, to, InstallOptions{Origin: snapshot})
}

// freeSnapshot names the lowest clone snapshot that a dataset has not.
func (h *Host) freeSnapshot(ctx context.Context, dataset string) (string, error) {
	have, err := h.pools.List(ctx, zpool.ListOptions{
		Roots: []string{dataset}, Recursive: true, Depth: 1,
		Types: []zpool.Type{zpool.Snapshot},
	})
	if err != nil {
		return "", err
	}
	taken := map[string]bool{}
	for _, s := range have {
		taken[s.Name] = true
	}
	for n := 1; ; n++ {
		if name := dataset + "@" + clonePrefix + strconv.Itoa(n); !taken[name] {
			return name, nil
		}
	}
}

// dropCloneSnapshot destroys a snapshot that Clone took, unless other clones
// still hang on it.
func (h *Host) dropCloneSnapshot(ctx context.Context, snapshot string) error {
	if _, short, _ := strings.Cut(snapshot, "@"); !strings.HasPrefix(short, clonePrefix) {
		return nil
	}
	h.reach("destroy snapshot")
	err := h.pools.Destroy(ctx, snapshot, zpool.DestroyOptions{})
	if errors.Is(err, zpool.ErrNotFound) || errors.Is(err, zpool.ErrClones) {
		return nil
	}
	return err
}

func (h *Host) cloneFiles(ctx context.Context, c *Config, from, to home) error {
	if err := h.begin(ctx, c.Name, Transition{Op: "clone", Dataset: to.dataset}); err != nil {
		return err
	}
	if err := h.copyHome(ctx, c, from, to); err != nil {
		return h.undo(ctx, "clone", c.Name, err)
	}
	return h.finish(ctx, c.Name, Installed, to.identify)
}

// copyHome makes a home and copies another's files into it.
func (h *Host) copyHome(ctx context.Context, c *Config, from, to home) error {
	if err := h.build(ctx, c.Name, to, InstallOptions{}); err != nil {
		return err
	}
	for _, d := range standard {
		h.reach("copy " + d.name)
		err := copytree.Copy(ctx, filepath.Join(from.path, d.name), filepath.Join(to.path, d.name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	h.reach("furnish")
	return furnish(to)
}
