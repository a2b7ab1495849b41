package btrfs

import (
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/mnt"
	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// mountpoint is where r is mounted, below the root; empty when nowhere.
func (s *store) mountpoint(r *record) string {
	if r.Type != dataset.Filesystem {
		return ""
	}
	if v := s.value(r, "mountpoint"); v != "none" && v != "legacy" {
		return filepath.Join(s.altRoot, v)
	}
	return ""
}

// automatic reports whether r is mounted without being asked for.
func (s *store) automatic(r *record) bool {
	return s.mountpoint(r) != "" && s.value(r, "canmount") == "on" && !s.isOn(r, "zoned")
}

func (p *pool) root() string { return p.b.root.Join() }

// isMounted reports whether r is what its mountpoint shows: the same device
// and inode as its subvolume has in the top level.
func (p *pool) isMounted(r *record) (bool, error) {
	at := p.store.mountpoint(r)
	if at == "" {
		return false, nil
	}
	if p.rootDir == nil {
		var err error
		if p.rootDir, err = mnt.Open(p.root(), ""); err != nil {
			return false, ignoreMissing(err)
		}
	}
	place, err := mnt.OpenIn(p.rootDir, at)
	if err != nil {
		return false, ignoreMissing(err)
	}
	defer place.Close()
	there, err := mnt.Identify(place, "")
	if err != nil || !there.MountRoot || there.Inode != btrfs.RootInode {
		return false, err
	}
	own, err := mnt.Identify(p.trees, r.treeName())
	return err == nil && own.Device == there.Device, ignoreMissing(err)
}

// ignoreMissing drops errors that say that a path leads nowhere.
func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) ||
		errors.Is(err, unix.ESTALE) {
		return nil
	}
	return err
}

func (p *pool) mountAttr(r *record) mnt.Attr {
	s := p.store
	return mnt.Attr{
		ReadOnly: s.isOn(r, "readonly"), NoSuid: !s.isOn(r, "setuid"), NoDev: !s.isOn(r, "devices"),
		NoExec: !s.isOn(r, "exec"), NoAtime: !s.isOn(r, "atime"), Relatime: s.isOn(r, "relatime"),
	}
}

// mount mounts r at its mountpoint; being mounted there is no error.
func (p *pool) mount(r *record) error {
	at := p.store.mountpoint(r)
	mounted, err := p.isMounted(r)
	if err != nil || mounted {
		return err
	}
	place, err := mnt.Place(p.root(), at)
	if err != nil {
		return dataset.Cannot("mount", at, err)
	}
	defer place.Close()
	if !p.store.isOn(r, "overlay") {
		if err := checkEmpty(place); err != nil {
			return dataset.Cannot("mount", at, err)
		}
	}
	if err := mnt.Bind(p.trees, r.treeName(), p.mountAttr(r), place, false); err != nil {
		return dataset.Cannot("mount", at, err)
	}
	p.showAll(r.Name)
	return nil
}

var errNotEmpty = errors.New("directory is not empty")

func checkEmpty(place *os.File) error {
	dir, err := openIn(place, ".", unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(1)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil && len(names) > 0 {
		return errNotEmpty
	}
	return err
}

// unmount takes r off its mountpoint; not being mounted is no error.
func (p *pool) unmount(r *record, force bool) error {
	mounted, err := p.isMounted(r)
	if err != nil || !mounted {
		return err
	}
	at := p.store.mountpoint(r)
	if err := p.hideSnapshots(r); err != nil {
		return dataset.Cannot("unmount", at, err)
	}
	err = mnt.Unmount(p.root(), at, false)
	if errors.Is(err, unix.EBUSY) {
		if !force {
			p.showAll(r.Name)
			return dataset.Cannot("unmount", at, dataset.ErrBusy)
		}
		err = mnt.Unmount(p.root(), at, true)
	}
	if err != nil {
		return dataset.Cannot("unmount", at, err)
	}
	return nil
}

// unmountAll unmounts those of records that are mounted, and whatever else of
// the pool is mounted below them, deepest first. When one is busy all are
// mounted again. The undo step mounts them again, as they are then.
func (p *pool) unmountAll(records []*record, force bool, undo *revert.Stack) error {
	mounted, err := p.mountedBelow(records)
	if err != nil {
		return err
	}
	for _, r := range slices.Backward(mounted) {
		if err := p.unmount(r, force); err != nil {
			return err
		}
		undo.Add(func() error { return p.mount(r) })
	}
	return nil
}

// detachVolumes takes the block devices of those records that are volumes
// away; the undo step makes them again.
func (p *pool) detachVolumes(op string, records []*record, lazy bool, undo *revert.Stack) error {
	for _, r := range records {
		if r.Type != dataset.Volume {
			continue
		}
		undo.Add(func() error { return p.attachVolume(r) })
		if err := p.detachVolume(r, lazy); err != nil {
			return dataset.Cannot(op, r.Name, err)
		}
	}
	return nil
}

// mountedBelow is those of records that are mounted, and what else of the pool
// is mounted below them, by mountpoint, parents first.
func (p *pool) mountedBelow(records []*record) ([]*record, error) {
	tops := make([]string, 0, len(records))
	for _, r := range records {
		if at := p.store.mountpoint(r); at != "" {
			tops = append(tops, at)
		}
	}
	if len(tops) == 0 {
		return nil, nil
	}
	var out []*record
	for _, r := range p.store.byID {
		at := p.store.mountpoint(r)
		if at == "" || !slices.ContainsFunc(tops, func(top string) bool { return isWithin(at, top) }) {
			continue
		}
		mounted, err := p.isMounted(r)
		if err != nil {
			return nil, err
		}
		if mounted {
			out = append(out, r)
		}
	}
	p.store.sortByMountpoint(out)
	return out, nil
}

func isWithin(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

func (s *store) sortByMountpoint(records []*record) {
	slices.SortFunc(records, func(a, b *record) int { return cmp.Compare(s.mountpoint(a), s.mountpoint(b)) })
}

// mountAll mounts records by their mountpoints, parents first, each whatever
// becomes of the others.
func (p *pool) mountAll(records []*record) error {
	records = slices.Clone(records)
	p.store.sortByMountpoint(records)
	var errs []error
	for _, r := range records {
		errs = append(errs, p.mount(r))
	}
	return errors.Join(errs...)
}

// removePlace removes the directory that something was mounted on, when empty.
func (p *pool) removePlace(at string) {
	if at == "" || at == "/" {
		return
	}
	parent, err := mnt.Open(p.root(), filepath.Dir(at))
	if err != nil {
		return
	}
	defer parent.Close()
	err = unix.Unlinkat(int(parent.Fd()), filepath.Base(at), unix.AT_REMOVEDIR)
	if err != nil && !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.ENOENT) {
		p.b.log.Debug("remove mountpoint", "path", at, "err", err)
	}
}

// find is the record of an existing dataset.
func (p *pool) find(name string) (*record, error) {
	if r := p.store.byName[name]; r != nil {
		return r, nil
	}
	return nil, dataset.Cannot("open", name, dataset.ErrNotFound)
}
