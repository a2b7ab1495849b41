package ztree

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// Finish makes the tree of names after a whole stream was applied, and removes
// what has none. Notes are sentences on what was left out.
func (s *Sink) Finish() ([]string, error) {
	if err := s.leave(); err != nil {
		return nil, err
	}
	var err error
	if s.recv.Kind() == zstream.VolumeSet {
		err = s.finishVolume()
	} else {
		err = s.finishTree()
	}
	if err != nil {
		return nil, err
	}
	return s.notes.sentences(), errors.Join(s.removeStaging(), s.restoreRoot(), s.Sync())
}

func (s *Sink) finishTree() error {
	if err := s.findRoot(); err != nil {
		return err
	}
	// One pass for those that hold attributes: their owners read them.
	for _, number := range s.owners() {
		if err := s.file(number); err != nil {
			return err
		}
		s.closeBody()
	}
	for _, number := range s.state.Dirs {
		if err := s.settleDirectory(number); err != nil {
			return err
		}
	}
	if err := s.settleNames(); err != nil {
		return err
	}
	s.closeParents()
	slices.Sort(s.state.Dirs)
	s.state.Dirs = slices.Compact(s.state.Dirs)
	for _, number := range s.state.Dirs {
		if err := s.directoryAttributes(number); err != nil {
			return err
		}
	}
	return nil
}

// findRoot makes sure that the root directory is the subvolume's.
func (s *Sink) findRoot() error {
	var err error
	if s.root, err = s.recv.Root(); err != nil {
		return err
	}
	n, err := s.load(s.root)
	if err != nil {
		return err
	}
	if n == nil || n.Kind != zstream.TypeDirectory {
		return errors.New("the root directory is missing")
	}
	inode, igen, err := identify(int(s.dir.Fd()))
	if err != nil || n.inode == inode {
		return err
	}
	return s.adoptRoot(n, inode, igen)
}

// adoptRoot makes the subvolume's own directory the root, which came as any
// other directory, before the object that names it.
func (s *Sink) adoptRoot(n *node, inode, igen uint64) error {
	if n.inode != 0 {
		from, err := s.open(n.inode, n.igen, unix.O_RDONLY|unix.O_DIRECTORY)
		if err != nil {
			return err
		}
		defer unix.Close(from)
		have, err := s.entries(from)
		if err != nil {
			return err
		}
		for name := range have {
			if err := unix.Renameat2(from, name, int(s.dir.Fd()), name, unix.RENAME_NOREPLACE); err != nil {
				return fmt.Errorf("move %q to the root: %w", name, err)
			}
		}
	}
	clear(s.pending)
	s.closeParents()
	if err := s.forget(s.root, n); err != nil {
		return err
	}
	n.inode, n.igen, n.fmt = inode, igen, fmtDir
	return s.store(s.root, n)
}

// owners is every object that has to be looked at now, those whose attributes
// changed in objects of their own too.
func (s *Sink) owners() []uint64 {
	seen := map[uint64]bool{}
	for _, list := range [][]uint64{s.state.Later, s.state.Dirs} {
		for _, number := range list {
			b, err := s.recv.Brief(number)
			if err != nil || !b.Hidden {
				continue
			}
			s.addOwner(seen, b.Parent)
		}
	}
	all := slices.Clone(s.state.Later)
	for number := range seen {
		all = append(all, number)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// addOwner finds the file or directory above an object that holds an
// attribute: its parent, or the parent of that.
func (s *Sink) addOwner(seen map[uint64]bool, parent uint64) {
	for range 2 {
		b, err := s.recv.Brief(parent)
		if err != nil {
			return
		}
		if b.Hidden {
			parent = b.Parent
			continue
		}
		n, err := s.load(parent)
		if err == nil && n != nil && n.Kind == zstream.TypeDirectory {
			s.state.Dirs = append(s.state.Dirs, parent)
		} else {
			seen[parent] = true
		}
		return
	}
}

// settleDirectory gives a directory the inode that it should have, or none
// when it turns out to hold attributes.
func (s *Sink) settleDirectory(number uint64) error {
	n, err := s.load(number)
	if err != nil || n == nil || n.Kind != zstream.TypeDirectory {
		return err
	}
	b, err := s.recv.Brief(number)
	if err != nil {
		return fmt.Errorf("directory %d: %w", number, err)
	}
	if n, err = s.load(number); err != nil {
		return err
	}
	switch {
	case b.Hidden && n.inode != 0 && n.staged:
		n.inode, n.staged, n.fmt = 0, false, 0 // goes with the staging directory, and all in it
	case b.Hidden && n.inode != 0:
		err = s.forget(number, n)
	case !b.Hidden && s.isLost(n): // no directory named it when the last stream ended
		n.inode, n.fmt, n.staged = 0, 0, false
		err = s.startDirectory(number, n)
	case !b.Hidden && n.fmt != fmtDir:
		err = s.startDirectory(number, n)
	}
	return errors.Join(err, s.store(number, n))
}

// isLost reports whether a directory's inode is gone.
func (s *Sink) isLost(n *node) bool {
	if s.state.Fresh || n.fmt != fmtDir {
		return false
	}
	fd, err := s.open(n.inode, n.igen, unix.O_PATH)
	if err == nil {
		unix.Close(fd)
	}
	return errors.Is(err, unix.ESTALE)
}

// restoreRoot gives the root directory its times back, since the staging
// directory was in it.
func (s *Sink) restoreRoot() error {
	if s.recv.Kind() == zstream.VolumeSet {
		return nil
	}
	e, err := s.recv.Stat(zstream.Name{Object: s.root, Type: fmtDir})
	if err != nil {
		return err
	}
	times := []unix.Timespec{
		{Sec: e.AccessTime.Unix(), Nsec: int64(e.AccessTime.Nanosecond())},
		{Sec: e.ModTime.Unix(), Nsec: int64(e.ModTime.Nanosecond())},
	}
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, procPath(int(s.dir.Fd())), times, 0); err != nil {
		return fmt.Errorf("set the root's times: %w", err)
	}
	return nil
}
