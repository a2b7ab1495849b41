package btrfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/mnt"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// With snapdir=visible a mounted filesystem has a directory .zfs/snapshot that
// shows its snapshots. On .zfs, which is an empty directory of the filesystem
// itself, lies a file system of memory with the names, and on each of those the
// snapshot, read-only.
const snapdirName = ".zfs"

// snapdir is where r's is, below the root; empty when r is nowhere.
func (p *pool) snapdir(r *record) string {
	if at := p.store.mountpoint(r); at != "" {
		return filepath.Join(at, snapdirName)
	}
	return ""
}

// showSnapshots makes what r's snapdir shows what it should, if r is mounted.
func (p *pool) showSnapshots(r *record) error {
	mounted, err := p.isMounted(r)
	if err != nil || !mounted {
		return err
	}
	if p.store.value(r, "snapdir") != "visible" {
		return p.hideSnapshots(r)
	}
	if err := p.hideSnapshots(r); err != nil {
		return err
	}
	tree, err := p.openTree(r) // the mount may be read-only
	if err != nil {
		return err
	}
	defer tree.Close()
	if err := unix.Mkdirat(int(tree.Fd()), snapdirName, 0o555); err != nil && !errors.Is(err, unix.EEXIST) {
		return noSpace(err)
	}
	return p.mountSnapdir(p.snapdir(r), p.store.snapshots(r.Name))
}

func (p *pool) mountSnapdir(at string, snapshots []*record) error {
	place, err := mnt.Open(p.root(), at) // follows no link that somebody put there
	if err != nil {
		return err
	}
	defer place.Close()
	top, err := mnt.Memory("smartbox-snapdir")
	if err != nil {
		return err
	}
	defer top.Close()
	if err := unix.Mkdirat(int(top.Fd()), "snapshot", 0o555); err != nil {
		return err
	}
	dir, err := openIn(top, "snapshot", unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer dir.Close()
	for _, s := range snapshots {
		_, name, _ := dataset.SplitSnapshot(s.Name)
		if err := unix.Mkdirat(int(dir.Fd()), name, 0o555); err != nil {
			return err
		}
	}
	if err := mnt.Move(top, mnt.Attr{NoSuid: true, NoDev: true, NoExec: true, NoAtime: true, ReadOnly: true}, place); err != nil {
		return err
	}
	for _, s := range snapshots {
		_, name, _ := dataset.SplitSnapshot(s.Name)
		on, err := mnt.Open(p.root(), filepath.Join(at, "snapshot", name))
		if err != nil {
			return err
		}
		err = mnt.Bind(p.trees, s.treeName(), mnt.Attr{ReadOnly: true, NoSuid: true, NoDev: true, NoAtime: true}, on, false)
		on.Close()
		if err != nil {
			return fmt.Errorf("show %s: %w", s.Name, err)
		}
	}
	return nil
}

// hideSnapshots takes r's snapdir away; who uses what it shows keeps it.
func (p *pool) hideSnapshots(r *record) error {
	at := p.snapdir(r)
	if shown, err := p.isSnapdir(at); err != nil || !shown {
		return err
	}
	if err := mnt.Unmount(p.root(), at, true); err != nil { // with all below it
		return err
	}
	tree, err := p.openTree(r)
	if err != nil {
		return err
	}
	defer tree.Close()
	err = unix.Unlinkat(int(tree.Fd()), snapdirName, unix.AT_REMOVEDIR)
	if errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

// isSnapdir reports whether one of our directories in memory is mounted at a
// path.
func (p *pool) isSnapdir(at string) (bool, error) {
	place, err := mnt.Open(p.root(), at)
	if err != nil {
		return false, ignoreMissing(err)
	}
	defer place.Close()
	there, err := mnt.Identify(place, "")
	if err != nil || !there.MountRoot {
		return false, err
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(place.Fd()), &st); err != nil {
		return false, err
	}
	return st.Type == unix.TMPFS_MAGIC, nil
}

// showAll brings the snapdirs of datasets up to date after their snapshots
// changed. What fails must not fail the change, which is done.
func (p *pool) showAll(names ...string) {
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		r := p.store.byName[name]
		if r == nil || r.Type != dataset.Filesystem || p.store.value(r, "snapdir") != "visible" {
			continue
		}
		if err := p.showSnapshots(r); err != nil && !errors.Is(err, os.ErrNotExist) {
			p.b.log.Warn("show snapshots", "dataset", name, "err", err)
		}
	}
}

// datasetsOf are the datasets that snapshots belong to.
func datasetsOf(records []*record) []string {
	var names []string
	for _, r := range records {
		if of, rest := dataset.Base(r.Name); rest != "" {
			names = append(names, of)
		}
	}
	return names
}
