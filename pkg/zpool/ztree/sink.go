package ztree

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// VolumeName is the file in a volume's subvolume that holds its content.
const VolumeName = "volume"

// Sink is a dataset that is being received into a subvolume. It is the Store
// of a zstream.Receiver; Finish makes the tree of names when the stream has
// been applied.
type Sink struct {
	*Table
	place
	policy  Policy
	recv    *zstream.Receiver
	staging int
	state   State
	notes   notes

	current uint64 // the object whose content comes
	body    int    // its file, -1 when it has none
	bodyOf  uint64 // the object that body belongs to
	root    uint64 // object of the root directory, once known

	pending map[uint64]childOf // names of objects that did not come yet
	parents map[uint64]int     // open directories by inode
}

// State is what a Sink must know to go on later.
type State struct {
	Staging string   `json:"staging"` // directory for what has no name yet
	Fresh   bool     `json:"fresh"`   // the subvolume was empty
	Later   []uint64 `json:"later"`   // objects to be looked at when all have come
	Dirs    []uint64 `json:"dirs"`    // directories whose names changed
	Gone    []uint64 `json:"gone"`    // inodes of directories that were removed
	Gens    []uint64 `json:"gens"`    // their generations
}

// NewSink returns a Sink that puts files below dir, the root of subvolume
// subvol, and objects in table. A nil state is a new start; fresh says that
// the subvolume is empty.
func NewSink(dir *os.File, subvol uint64, table *Table, policy Policy, state *State, fresh bool) (*Sink, error) {
	s := &Sink{
		Table: table, place: place{dir, subvol}, policy: policy, body: -1,
		pending: map[uint64]childOf{}, parents: map[uint64]int{},
	}
	if state != nil {
		s.state = *state
	} else {
		unique := make([]byte, 8)
		rand.Read(unique)
		s.state = State{Staging: ".receiving-" + hex.EncodeToString(unique), Fresh: fresh}
	}
	if err := unix.Mkdirat(int(dir.Fd()), s.state.Staging, 0o700); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, fmt.Errorf("make staging directory: %w", err)
	}
	var err error
	s.staging, err = unix.Openat(int(dir.Fd()), s.state.Staging, dirFlags, 0)
	if err != nil {
		return nil, fmt.Errorf("open staging directory: %w", err)
	}
	return s, nil
}

const dirFlags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC

// Attach tells which Receiver applies streams to s.
func (s *Sink) Attach(r *zstream.Receiver) { s.recv = r }

// Suspend completes what is in hand and returns what a later Sink needs to go
// on.
func (s *Sink) Suspend() (State, error) {
	err := s.leave()
	s.closeParents()
	return s.state, errors.Join(err, s.Sync())
}

// Close lets go of everything but the table.
func (s *Sink) Close() {
	s.closeBody()
	s.closeParents()
	unix.Close(s.staging)
}

func (s *Sink) closeBody() {
	if s.body >= 0 {
		unix.Close(s.body)
	}
	s.body, s.bodyOf = -1, 0
}

func (s *Sink) closeParents() {
	for inode, fd := range s.parents {
		unix.Close(fd)
		delete(s.parents, inode)
	}
}

// enter makes number the object in hand: the one before is complete.
func (s *Sink) enter(number uint64) error {
	if number == s.current {
		return nil
	}
	err := s.leave()
	s.current = number
	return err
}

// leave looks at an object that is complete now: at once when all that its
// attributes need is there, else when the stream has ended.
func (s *Sink) leave() error {
	number := s.current
	s.current = 0
	defer s.closeBody()
	if number == 0 {
		return nil
	}
	n, err := s.load(number)
	if err != nil || n == nil {
		return err
	}
	switch n.Kind {
	case zstream.TypeDirectory:
		s.state.Dirs = append(s.state.Dirs, number)
		s.expect(number, n)
	case zstream.TypeFile:
		if b, err := s.recv.Brief(number); err == nil && !b.Hidden && !b.XattrDirectory {
			return s.file(number)
		}
		s.state.Later = append(s.state.Later, number)
	}
	return nil
}

// Put takes in an object's description.
func (s *Sink) Put(number uint64, d *zstream.Dnode) error {
	if err := s.enter(number); err != nil {
		return err
	}
	old, err := s.load(number)
	if err != nil {
		return err
	}
	known := old != nil
	var before uint32
	if known {
		before = old.Kind
	}
	if err := s.Table.Put(number, d); err != nil {
		return err
	}
	n, err := s.load(number)
	if err != nil {
		return err
	}
	n.size = -1
	b, err := s.recv.Brief(number)
	brief := err == nil && n.Kind == zstream.TypeFile
	if brief && b.Regular && b.Size < 1<<63 {
		n.size = int64(b.Size)
	}
	if err := errors.Join(s.findBody(number, n), s.store(number, n)); err != nil {
		return err
	}
	if known && (before != n.Kind || brief && b.Body() != n.isBody()) { // another kind of file took the number
		return s.Create(number)
	}
	return nil
}

// findBody opens the file of an object that came with an earlier stream. One
// that had no name when that stream ended is gone.
func (s *Sink) findBody(number uint64, n *node) error {
	if s.state.Fresh || !n.isBody() || s.bodyOf == number {
		return nil
	}
	_, err := s.openBody(number, n)
	if errors.Is(err, unix.ESTALE) {
		n.inode, n.igen, n.fmt, n.staged = 0, 0, 0, false
		return nil
	}
	return err
}

// Create empties an object, or starts it in the form that fits it. As long as
// nobody can tell what a file is, it is a regular one.
func (s *Sink) Create(number uint64) error {
	if err := s.enter(number); err != nil {
		return err
	}
	n, err := s.load(number)
	if err != nil {
		return err
	}
	s.closeBody()
	if err := s.Table.free(n.content); err != nil {
		return err
	}
	n.content = extent{}
	switch n.Kind {
	case zstream.TypeFile:
		b, err := s.recv.Brief(number)
		if err != nil || b.Body() {
			err = s.startFile(number, n, err == nil)
		} else {
			err = s.forget(number, n)
		}
		if err != nil {
			return err
		}
	case zstream.TypeDirectory:
		if err := s.startDirectory(number, n); err != nil {
			return err
		}
	case zstream.TypeVolume:
		if err := s.startVolume(number, n); err != nil {
			return err
		}
	}
	return s.store(number, n)
}

const (
	fmtDir     = unix.S_IFDIR >> 12
	fmtRegular = unix.S_IFREG >> 12
)

// startFile gives an object an empty file. As long as it is not certain to be
// one, it has no name.
func (s *Sink) startFile(number uint64, n *node, certain bool) error {
	if n.inode != 0 && n.fmt == fmtRegular {
		fd, err := s.open(n.inode, n.igen, unix.O_RDWR)
		if err == nil {
			s.body, s.bodyOf = fd, number
			return unix.Ftruncate(fd, 0)
		}
		if !errors.Is(err, unix.ESTALE) { // its last name went while it was open
			return err
		}
	}
	if err := s.forget(number, n); err != nil {
		return err
	}
	at, name := s.newPlace(number, n, certain)
	fd, err := unix.Openat(at, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("make object %d: %w", number, err)
	}
	s.body, s.bodyOf, n.fmt = fd, number, fmtRegular
	n.inode, n.igen, err = identify(fd)
	return err
}

func (s *Sink) startDirectory(number uint64, n *node) error {
	if n.inode != 0 && n.fmt == fmtDir {
		return nil
	}
	if err := s.forget(number, n); err != nil {
		return err
	}
	b, briefErr := s.recv.Brief(number)
	if briefErr == nil && b.Hidden {
		return nil
	}
	if s.root == 0 {
		s.root, _ = s.recv.Root() // when it comes later, Finish tells
	}
	n.fmt = fmtDir
	if number == s.root {
		fd := int(s.dir.Fd())
		var err error
		n.inode, n.igen, err = identify(fd)
		return err
	}
	at, name := s.newPlace(number, n, briefErr == nil)
	if err := unix.Mkdirat(at, name, 0o700); err != nil {
		return fmt.Errorf("make object %d: %w", number, err)
	}
	fd, err := unix.Openat(at, name, dirFlags, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	n.inode, n.igen, err = identify(fd)
	return err
}

func stagedName(number uint64) string { return "o" + strconv.FormatUint(number, 10) }

// forget parts an object from its file. One without a name yet goes at once,
// names of others go when the directories that have them are settled.
func (s *Sink) forget(number uint64, n *node) error {
	if n.staged {
		flags := 0
		if n.fmt == fmtDir {
			flags = unix.AT_REMOVEDIR
		}
		err := unix.Unlinkat(s.staging, stagedName(number), flags)
		if err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTEMPTY) {
			return fmt.Errorf("drop object %d: %w", number, err)
		}
	} else if n.fmt == fmtDir { // what it held is wanted elsewhere, or goes
		s.state.Gone = append(s.state.Gone, n.inode)
		s.state.Gens = append(s.state.Gens, n.igen)
	}
	n.inode, n.igen, n.fmt, n.staged, n.dropped = 0, 0, 0, false, false
	return nil
}

// Remove drops an object. What a directory held is moved out of it later.
func (s *Sink) Remove(number uint64) error {
	if err := s.enter(0); err != nil {
		return err
	}
	n, err := s.load(number)
	if err != nil || n == nil {
		return err
	}
	if err := s.forget(number, n); err != nil {
		return err
	}
	return s.drop(number, n)
}
