package ztree

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// childOf is the name that an object will have in a directory that is there.
type childOf struct {
	inode, igen uint64
	name        string
}

// Directories come before what they hold, mostly, so that files can be made
// where they belong. What would take too much memory is moved there later.
const (
	maxPending = 100_000
	maxParents = 64
)

// expect notes the names in a new directory whose objects are yet to come.
func (s *Sink) expect(number uint64, n *node) {
	if n.inode == 0 || !s.state.Fresh || len(s.pending) > maxPending {
		return
	}
	names, err := s.recv.Names(number)
	if err != nil {
		return // it is read again in the end, and the reason told
	}
	for _, e := range names {
		if e.Object > number && len(s.pending) < maxPending {
			if _, twice := s.pending[e.Object]; !twice {
				s.pending[e.Object] = childOf{n.inode, n.igen, e.Name}
			}
		}
	}
}

// newPlace is where a new object is made: under its name, or in the staging
// directory as long as that is not known, or nobody can tell what it is.
func (s *Sink) newPlace(number uint64, n *node, certain bool) (dirfd int, name string) {
	if c, known := s.pending[number]; known && certain {
		delete(s.pending, number)
		if fd, err := s.parent(c.inode, c.igen); err == nil {
			return fd, c.name
		}
	}
	n.staged = true
	return s.staging, stagedName(number)
}

// parent is an open directory.
func (s *Sink) parent(inode, igen uint64) (int, error) {
	if fd, open := s.parents[inode]; open {
		return fd, nil
	}
	if len(s.parents) >= maxParents {
		s.closeParents()
	}
	fd, err := s.open(inode, igen, unix.O_RDONLY|unix.O_DIRECTORY)
	if err == nil {
		s.parents[inode] = fd
	}
	return fd, err
}

// settleNames gives every directory that changed the names that it should
// have. Names that should go lead to the staging directory first, so that
// whatever moved is found there.
func (s *Sink) settleNames() error {
	if !s.state.Fresh {
		for i, inode := range s.state.Gone {
			if err := s.evict(inode, s.state.Gens[i], nil); err != nil {
				return err
			}
		}
		for _, number := range s.state.Dirs {
			if err := s.evictFrom(number); err != nil {
				return fmt.Errorf("directory %d: %w", number, err)
			}
		}
	}
	for _, number := range s.state.Dirs {
		if err := s.fill(number); err != nil {
			return fmt.Errorf("directory %d: %w", number, err)
		}
	}
	return nil
}

// directory is an object's node when it is a directory that has an inode.
func (s *Sink) directory(number uint64) (*node, error) {
	n, err := s.load(number)
	if err != nil || n == nil || n.inode == 0 || n.fmt != fmtDir {
		return nil, err
	}
	c := *n
	return &c, nil
}

// evictFrom moves names out of a directory that it should not have.
func (s *Sink) evictFrom(number uint64) error {
	d, err := s.directory(number)
	if d == nil || err != nil {
		return err
	}
	want := map[string]uint64{}
	names, err := s.recv.Names(number)
	if err != nil {
		return err
	}
	for _, e := range names {
		n, err := s.load(e.Object)
		if err != nil {
			return err
		}
		if n != nil {
			want[e.Name] = n.inode
		}
	}
	return s.evict(d.inode, d.igen, want)
}

// evict moves every name out of a directory that does not lead to the inode
// which is wanted there.
func (s *Sink) evict(inode, igen uint64, want map[string]uint64) error {
	fd, err := s.parent(inode, igen)
	if err != nil {
		return err
	}
	have, err := s.entries(fd)
	if err != nil {
		return err
	}
	for name, e := range have {
		if want[name] == e.inode {
			continue
		}
		err := unix.Renameat2(fd, name, s.staging, evictedName(e.inode), unix.RENAME_NOREPLACE)
		if errors.Is(err, unix.EEXIST) { // another of its names
			err = unix.Unlinkat(fd, name, 0)
		}
		if err != nil {
			return fmt.Errorf("move %q away: %w", name, err)
		}
	}
	return nil
}

func evictedName(inode uint64) string { return "i" + strconv.FormatUint(inode, 10) }

// dirent is what a directory says of a name.
type dirent struct{ inode uint64 }

// entries reads a directory, but for the staging directory in the root.
func (s *Sink) entries(fd int) (map[string]dirent, error) {
	if _, err := unix.Seek(fd, 0, 0); err != nil {
		return nil, err
	}
	have := map[string]dirent{}
	buf := make([]byte, 64<<10)
	for {
		n, err := unix.ReadDirent(fd, buf)
		if err != nil {
			return nil, fmt.Errorf("read directory: %w", err)
		}
		if n == 0 {
			delete(have, s.state.Staging)
			return have, nil
		}
		eachDirent(buf[:n], func(inode uint64, name string) { have[name] = dirent{inode} })
	}
}

// fill gives a directory the names that it lacks.
func (s *Sink) fill(number uint64) error {
	d, err := s.directory(number)
	if d == nil || err != nil {
		return err
	}
	names, err := s.recv.Names(number)
	if err != nil {
		return err
	}
	fd, err := s.parent(d.inode, d.igen)
	if err != nil {
		return err
	}
	have, err := s.entries(fd)
	if err != nil {
		return err
	}
	for _, e := range names {
		if err := s.give(d.inode, d.igen, e, have); err != nil {
			return fmt.Errorf("%q: %w", e.Name, err)
		}
	}
	return nil
}

// give makes one name in a directory.
func (s *Sink) give(inode, igen uint64, e zstream.Name, have map[string]dirent) error {
	n, err := s.load(e.Object)
	switch {
	case err != nil:
		return err
	case n == nil:
		return fmt.Errorf("the name stands for object %d, which does not exist", e.Object)
	case n.dropped:
		return nil
	case n.inode == 0:
		return fmt.Errorf("the name stands for object %d, which is no file", e.Object)
	case e.Type != 0 && e.Type != uint64(n.fmt):
		return fmt.Errorf("the name says type %d, its object is of type %d", e.Type, n.fmt)
	}
	if at, there := have[e.Name]; there && at.inode == n.inode {
		return s.named(e.Object)
	}
	fd, err := s.parent(inode, igen)
	if err != nil {
		return err
	}
	if err := s.bringTo(fd, e, n); err != nil {
		return err
	}
	have[e.Name] = dirent{n.inode}
	n.staged = false
	return s.store(e.Object, n)
}

// errTwoPlaces is a directory that two directories name.
var errTwoPlaces = errors.New("the directory has another place already")

// named notes that a directory is in its place, which is the only one.
func (s *Sink) named(object uint64) error {
	if object == s.root {
		return errTwoPlaces
	}
	return nil
}

// bringTo links an object's inode into the directory fd: from where it waits,
// or beside its other names.
func (s *Sink) bringTo(fd int, e zstream.Name, n *node) error {
	if e.Object == s.root {
		return errTwoPlaces
	}
	for _, waiting := range []string{stagedName(e.Object), evictedName(n.inode)} {
		if waiting[0] == 'o' && !n.staged {
			continue
		}
		err := unix.Renameat2(s.staging, waiting, fd, e.Name, unix.RENAME_NOREPLACE)
		if err == nil || !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	if n.fmt == fmtDir {
		return errTwoPlaces
	}
	src, err := s.open(n.inode, n.igen, unix.O_PATH)
	if err != nil {
		return err
	}
	defer unix.Close(src)
	return unix.Linkat(src, "", fd, e.Name, unix.AT_EMPTY_PATH)
}

// removeStaging drops what has no name.
func (s *Sink) removeStaging() error {
	if err := os.RemoveAll(procPath(int(s.dir.Fd())) + "/" + s.state.Staging); err != nil {
		return fmt.Errorf("remove what has no name: %w", err)
	}
	return nil
}
