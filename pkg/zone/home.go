package zone

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/moby/sys/mountinfo"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// owner is the user property that names the zone a dataset was made for, so
// that recovery never destroys one that was there before.
const owner = "smartbox:zone"

// standard are the directories of a zonepath and their modes.
var standard = []struct {
	name string
	mode os.FileMode
}{{"root", 0o755}, {"config", 0o755}, {"cores", 0o700}}

// home is where a zone's files lie: a dataset mounted at path or, without one,
// plain directories.
type home struct {
	path    string // on this host
	dataset string
}

// homeOf is a zone's existing home. A pool that is not there now is an error:
// its absence must not make a zone look like one without a dataset.
func (h *Host) homeOf(ctx context.Context, c *Config) (home, error) {
	at := home{path: h.root.Join(c.Path)}
	var err error
	at.dataset, err = h.datasetAt(ctx, at.path)
	if err != nil || at.dataset != "" || c.Dataset == "" {
		return at, err
	}
	at.dataset = c.Dataset // mounted elsewhere, or destroyed
	_, _, err = h.dataset(ctx, c.Dataset)
	return at, err
}

// dataset reads a dataset, if there is one in its pool; that the pool is not
// there is an error.
func (h *Host) dataset(ctx context.Context, name string, props ...string) (_ zpool.Dataset, found bool, err error) {
	set, err := h.pools.Get(ctx, name, props...)
	if err == nil || !errors.Is(err, zpool.ErrNotFound) {
		return set, err == nil, err
	}
	pool, _, _ := strings.Cut(name, "/")
	if _, err := h.pools.Pools(ctx, pool); err != nil {
		return set, false, fmt.Errorf("dataset %s: %w", name, err)
	}
	return set, false, nil
}

// newHome is the home that a zone will have at zonepath: a dataset when the
// directory above is one's mountpoint.
func (h *Host) newHome(ctx context.Context, zonepath string, plain bool) (home, error) {
	at := home{path: h.root.Join(zonepath)}
	if plain {
		return at, nil
	}
	parent, err := h.datasetAt(ctx, filepath.Dir(at.path))
	if err == nil && parent != "" {
		at.dataset = path.Join(parent, filepath.Base(at.path))
	}
	return at, err
}

// datasetAt is the dataset mounted at a directory, none without error when
// there is none.
func (h *Host) datasetAt(ctx context.Context, dir string) (string, error) {
	name, err := h.pools.DatasetAt(ctx, dir)
	if errors.Is(err, zpool.ErrNotFound) {
		return "", nil
	}
	return name, err
}

// vacant makes sure that making a home destroys nothing.
func (h *Host) vacant(ctx context.Context, at home) error {
	if at.dataset != "" {
		_, found, err := h.dataset(ctx, at.dataset)
		if found {
			err = fmt.Errorf("%s: %w", at.dataset, zpool.ErrExists)
		}
		return err
	}
	for _, dir := range standard {
		if _, err := os.Lstat(filepath.Join(at.path, dir.name)); !errors.Is(err, os.ErrNotExist) {
			if err == nil {
				err = os.ErrExist
			}
			return fmt.Errorf("%s: %w", h.root.Display(filepath.Join(at.path, dir.name)), err)
		}
	}
	return nil
}

// build makes the dataset or directory of a home.
func (h *Host) build(ctx context.Context, name string, at home, o InstallOptions) error {
	if at.dataset == "" {
		return os.MkdirAll(at.path, 0o755)
	}
	options := zpool.CreateOptions{Props: map[string]string{owner: name}}
	maps.Copy(options.Props, o.Props)
	switch {
	case o.Fill != nil:
		return o.Fill(ctx, at.dataset, options.Props)
	case o.Origin != "":
		return h.pools.Clone(ctx, o.Origin, at.dataset, options)
	}
	return h.pools.Create(ctx, at.dataset, options)
}

// furnish brings the directories of a zonepath and their modes in order,
// whatever an image has put there.
func furnish(at home) error {
	dir, err := os.OpenRoot(at.path)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := secure(dir, ".", 0o700); err != nil {
		return err
	}
	for _, d := range standard {
		if err := dir.Mkdir(d.name, d.mode); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		if err := secure(dir, d.name, d.mode); err != nil {
			return err
		}
	}
	return atomicfile.SyncDir(at.path)
}

func secure(dir *os.Root, name string, mode os.FileMode) error {
	info, err := dir.Lstat(name)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", filepath.Join(dir.Name(), name))
	}
	if err := dir.Chown(name, os.Geteuid(), os.Getegid()); err != nil {
		return err
	}
	return dir.Chmod(name, mode)
}

// demolish destroys a zone's home as far as it exists. A dataset that bears
// another zone's mark, or none although this zone was only about to make it
// (half), stays.
func (h *Host) demolish(ctx context.Context, name string, at home, half bool) error {
	if at.dataset == "" {
		return h.clear(at.path)
	}
	set, found, err := h.dataset(ctx, at.dataset, owner)
	if err != nil {
		return err
	}
	if !found {
		return h.rmdir(at.path)
	}
	if of := set.Get(owner); of != name && (half || of != "") {
		h.log.Warn("leave a dataset that is not the zone's", "zone", name, "dataset", at.dataset)
		return nil
	}
	if err := h.freeClones(ctx, at.dataset); err != nil {
		return err
	}
	h.reach("destroy dataset")
	err = h.pools.Destroy(ctx, at.dataset, zpool.DestroyOptions{Recursive: true, Force: true})
	if err != nil && !errors.Is(err, zpool.ErrNotFound) {
		return err
	}
	return h.rmdir(at.path)
}

// freeClones gives the snapshots that other datasets were cloned from to one
// of those, so that they outlive this dataset.
func (h *Host) freeClones(ctx context.Context, dataset string) error {
	pool, _, _ := strings.Cut(dataset, "/")
	all, err := h.pools.List(ctx, zpool.ListOptions{Roots: []string{pool}, Recursive: true, Props: []string{"origin"}})
	if err != nil {
		return err
	}
	for _, set := range all {
		from, _, _ := strings.Cut(set.Get("origin"), "@")
		if within(from, dataset) && !within(set.Name, dataset) {
			if err := h.pools.Promote(ctx, set.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// within reports whether a dataset or path is top or lies below it.
func within(name, top string) bool {
	return name == top || strings.HasPrefix(name, top+"/")
}

// clear removes the standard directories below a zonepath and then itself. It
// refuses to walk into anything that is still mounted there.
func (h *Host) clear(dir string) error {
	mounts, err := mountinfo.GetMounts(mountinfo.PrefixFilter(dir))
	if err != nil {
		return err
	}
	if len(mounts) > 0 {
		return fmt.Errorf("%s is still mounted", h.root.Display(mounts[len(mounts)-1].Mountpoint))
	}
	for _, d := range standard {
		h.reach("remove " + d.name)
		if err := os.RemoveAll(filepath.Join(dir, d.name)); err != nil {
			return err
		}
	}
	for _, file := range []string{detachedFile, "lastexited"} {
		if err := os.Remove(filepath.Join(dir, file)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return h.rmdir(dir)
}

// rmdir removes a directory that is empty and there, and warns of one that
// holds something of the user's.
func (h *Host) rmdir(dir string) error {
	err := os.Remove(dir)
	if err == nil || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	left, readErr := os.ReadDir(dir)
	if readErr != nil || len(left) == 0 {
		return errors.Join(err, readErr)
	}
	h.log.Warn("unable to completely remove the zonepath because it contains additional user data; "+
		"only the standard directory entries have been removed", "zonepath", h.root.Display(dir))
	return nil
}
