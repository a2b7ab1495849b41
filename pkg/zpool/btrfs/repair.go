package btrfs

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/mnt"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// repair brings the pool in line with its store after an import or a change
// that was cut off: subvolumes that no record names go, mounts and quotas
// become what the records say.
func (p *pool) repair(mount bool) error {
	err := p.unquiesce()
	if err == nil {
		err = p.unmountStale()
	}
	if err != nil {
		return fmt.Errorf("repair pool '%s': %w", p.name, err)
	}
	if err := p.adopt(); err != nil {
		return fmt.Errorf("repair pool '%s': %w", p.name, err)
	}
	err = errors.Join(p.sweepTrees(), p.applyQuotas())
	if err != nil {
		return fmt.Errorf("repair pool '%s': %w", p.name, err)
	}
	// A dataset that cannot be mounted must not keep the pool from being used.
	if mount {
		if err := p.mountAll(p.store.all(p.store.automatic)); err != nil {
			p.b.log.Warn("mount datasets", "pool", p.name, "err", err)
		}
	}
	for _, r := range p.store.all(func(r *record) bool { return r.Type == dataset.Filesystem }) {
		if err := p.showSnapshots(r); err != nil {
			p.b.log.Warn("show snapshots", "dataset", r.Name, "err", err)
		}
	}
	if err := p.attachVolumes(); err != nil {
		p.b.log.Warn("attach volumes", "pool", p.name, "err", err)
	}
	return p.unmark()
}

// unmountStale lets go of mounts that are not where the records want them.
func (p *pool) unmountStale() error {
	mounts, err := p.mounts()
	if err != nil {
		return err
	}
	byTree := make(map[string]*record, len(p.store.byID))
	for _, r := range p.store.byID {
		byTree[r.treeName()] = r
	}
	for _, mount := range slices.Backward(mounts) {
		tree, ok := strings.CutPrefix(mount.Root, "/"+treesName+"/")
		if !ok || strings.Contains(tree, "/") {
			continue // the top level, or a zone's own view of a part
		}
		r := byTree[strings.TrimSuffix(tree, "//deleted")]
		if r != nil && (r.isSnapshot() || p.belongs(r, mount.Path)) {
			continue // a snapshot's goes with the directory that it is shown in
		}
		if err := unix.Unmount(mount.Path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil {
			return &os.PathError{Op: "unmount", Path: mount.Path, Err: err}
		}
	}
	return nil
}

// belongs reports whether r may be mounted on path: at its mountpoint, or
// anywhere when it is the administrator's to mount.
func (p *pool) belongs(r *record, path string) bool {
	at := p.store.mountpoint(r)
	if at == "" {
		return r.isDataset()
	}
	place, err := mnt.Open(p.root(), at)
	if err != nil {
		return false
	}
	defer place.Close()
	real, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", place.Fd()))
	return err == nil && real == path
}

// mounts is every mount of this pool's file system in this namespace.
func (p *pool) mounts() ([]mnt.Info, error) {
	all, err := mnt.List()
	if err != nil {
		return nil, err
	}
	id, err := mnt.ID(p.top)
	if err != nil {
		return nil, err
	}
	device := ""
	for _, m := range all {
		if m.ID == id {
			device = m.Device
		}
	}
	out := all[:0]
	for _, m := range all {
		if m.Device == device {
			out = append(out, m)
		}
	}
	return out, nil
}

// sweepTrees destroys subvolumes that no record names.
func (p *pool) sweepTrees() error {
	dir, err := openIn(p.top, treesName, unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(p.store.byID))
	for _, r := range p.store.byID {
		known[r.treeName()] = true
	}
	kept, err := p.sweepArrivals()
	errs := []error{err, p.sweepObjects(kept)}
	for _, name := range names {
		if !known[name] && !kept[name] {
			p.b.log.Info("remove an unfinished dataset", "pool", p.name, "tree", name)
			errs = append(errs, p.forgetVolume(name), p.destroyTree(name))
		}
	}
	return errors.Join(errs...)
}

func (p *pool) applyQuotas() error {
	errs := []error{p.settleGroups()}
	for _, r := range p.store.byID {
		if r.Type == dataset.Filesystem && isLimited(r) && p.hasTree(r) {
			errs = append(errs, p.limit(r))
		}
	}
	return errors.Join(errs...)
}

// hasTree reports whether r's subvolume is there. When somebody removed it
// behind our back, r can only be destroyed, and must not keep the rest of the
// pool from being used.
func (p *pool) hasTree(r *record) bool {
	_, err := mnt.Identify(p.trees, r.treeName())
	if err != nil {
		p.b.log.Warn("a dataset's subvolume is missing", "dataset", r.Name, "err", err)
	}
	return err == nil
}
