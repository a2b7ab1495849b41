package ztree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// Sender writes the objects of a snapshot: of all of it, or of what changed
// since another one that it descends from. The objects of files have the
// numbers of their inodes, which stay the same in all snapshots of a dataset,
// so equal snapshots make equal streams.
type Sender struct {
	Out  zstream.Tree
	To   Snapshot
	From *Snapshot // nil for all
	// Resume makes the stream begin at an object and an offset in it.
	Resume struct{ Object, Offset uint64 }

	Nested int // subvolumes inside, which are left out

	ctx context.Context
	buf []byte

	skeleton bool // without the content of files
}

// Send writes all objects; BEGIN and END are the caller's.
func (s *Sender) Send(ctx context.Context) error {
	s.ctx, s.buf = ctx, make([]byte, zstream.RecordSize)
	if s.From != nil {
		return s.difference()
	}
	if s.Resume.Object < btrfs.RootInode {
		if err := s.Out.Head(btrfs.RootInode); err != nil {
			return err
		}
	}
	var last uint64
	err := s.To.each(func(n *inode) error {
		last = n.number
		if n.number < s.Resume.Object {
			return nil
		}
		return s.whole(n, false)
	})
	if err == nil {
		s.Out.FreeObjects(last+1, math.MaxUint64-last-1)
	}
	return err
}

// whole writes a file with all its content. What a receiver may have under
// that number goes first when replace is set.
func (s *Sender) whole(n *inode, replace bool) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if err := s.describe(n); err != nil {
		return err
	}
	if n.isDir() {
		return nil
	}
	if replace && (n.number != s.Resume.Object || s.Resume.Offset == 0) {
		s.Out.Free(n.number, 0, -1)
	}
	if !n.isRegular() {
		return nil
	}
	blocks := newBlockSet(int64(n.size), int64(zstream.BlockSize(int64(n.size))))
	for _, e := range n.extents {
		blocks.add(e.start, e.start+e.length)
	}
	return s.blocks(n, blocks, false)
}

// describe writes what a file is, and all of a directory.
func (s *Sender) describe(n *inode) error {
	s.Nested += n.nested
	e := n.entry()
	var err error
	if n.isDir() {
		err = s.Out.Directory(e, n.names)
	} else {
		err = s.Out.File(e)
	}
	if err != nil {
		return fmt.Errorf("inode %d: %w", n.number, err)
	}
	return nil
}

// blocks writes those blocks of a file. Blocks of zeros are left out, or with
// holes written as holes.
func (s *Sender) blocks(n *inode, set *blockSet, holes bool) error {
	if s.skeleton {
		return nil
	}
	size := int64(n.size)
	var f *os.File
	defer func() {
		if f != nil {
			f.Close()
		}
	}()
	return set.each(func(off int64) error {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		if n.number == s.Resume.Object && uint64(off) < s.Resume.Offset {
			return nil
		}
		block := s.buf[:set.size]
		have := block[:min(set.size, size-off)]
		if s.Out.Counting() {
			s.Out.Write(n.number, zstream.TypeFile, off, block)
			return nil
		}
		if f == nil {
			var err error
			if f, err = s.To.open(n); err != nil {
				return err
			}
		}
		if got, err := f.ReadAt(have, off); err != nil && !errors.Is(err, io.EOF) {
			return err
		} else if got < len(have) {
			clear(have[got:])
		}
		clear(block[len(have):])
		s.Out.Block(n.number, zstream.TypeFile, off, block, holes)
		return nil
	})
}

// difference writes what changed between the two snapshots.
func (s *Sender) difference() error {
	changed, err := s.To.changed(s.From.Made + 1)
	if err != nil {
		return err
	}
	gone, err := s.gone(changed)
	if err != nil {
		return err
	}
	all := append(slices.Clone(changed), gone...)
	slices.Sort(all)
	all = slices.Compact(all)
	for _, number := range all {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		if number < s.Resume.Object {
			continue
		}
		if err := s.one(number); err != nil {
			return err
		}
	}
	return nil
}

// one writes what changed of one file.
func (s *Sender) one(number uint64) error {
	now, err := s.To.read(number)
	if err != nil {
		return err
	}
	before, err := s.From.read(number)
	if err != nil {
		return err
	}
	switch {
	case now == nil && before == nil:
		return nil
	case now == nil:
		s.Out.FreeObjects(number, 1)
		return nil
	case before == nil:
		return s.whole(now, false)
	}
	if now.isDir() || before.isDir() {
		if now.isDir() && before.isDir() && now.isLike(before) && slices.Equal(now.names, before.names) {
			return nil
		}
		return s.whole(now, true)
	}
	if now.generation != before.generation || now.mode&unix.S_IFMT != before.mode&unix.S_IFMT ||
		now.isRegular() && zstream.BlockSize(int64(now.size)) != zstream.BlockSize(int64(before.size)) {
		return s.whole(now, true)
	}
	return s.update(now, before)
}

// update writes what changed of a file that is the same one.
func (s *Sender) update(now, before *inode) error {
	blocks := newBlockSet(int64(now.size), int64(zstream.BlockSize(int64(now.size))))
	if now.isRegular() {
		differ(now.extents, before.extents, blocks.add)
	}
	if now.isLike(before) && blocks.empty() {
		return nil
	}
	if err := s.describe(now); err != nil {
		return err
	}
	if before.size > now.size && now.isRegular() {
		end := (int64(now.size) + blocks.size - 1) / blocks.size * blocks.size
		s.Out.Free(now.number, end, -1)
	}
	return s.blocks(now, blocks, true)
}

// gone is the files of the older snapshot that are not in the newer one. Each
// was named by a directory that changed, or is gone too.
func (s *Sender) gone(changed []uint64) ([]uint64, error) {
	var gone []uint64
	seen := map[uint64]bool{}
	var look func(number uint64) error
	look = func(number uint64) error {
		before, err := s.From.read(number)
		if err != nil || before == nil || !before.isDir() {
			return err
		}
		for _, name := range before.names {
			if seen[name.Object] {
				continue
			}
			now, err := s.To.read(name.Object)
			if err != nil {
				return err
			}
			if now != nil {
				continue
			}
			seen[name.Object] = true
			gone = append(gone, name.Object)
			if err := look(name.Object); err != nil {
				return err
			}
		}
		return nil
	}
	for _, number := range changed {
		if err := look(number); err != nil {
			return nil, err
		}
	}
	return gone, nil
}

// Volume writes the content of a volume, or what changed of it.
func (s *Sender) Volume(ctx context.Context, block uint32) error {
	s.ctx, s.buf = ctx, make([]byte, block)
	now, err := s.To.volume()
	if err != nil {
		return err
	}
	set := newBlockSet(int64(now.size), int64(block))
	holes := false
	switch {
	case s.skeleton:
	case s.From == nil:
		for _, e := range now.extents {
			set.add(e.start, e.start+e.length)
		}
	default:
		before, err := s.From.volume()
		if err != nil {
			return err
		}
		differ(now.extents, before.extents, set.add)
		holes = true
	}
	s.Out.Volume(block)
	file, err := s.To.open(now)
	if err != nil {
		return err
	}
	defer file.Close()
	err = set.each(func(off int64) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.Resume.Object == volumeObject && uint64(off) < s.Resume.Offset || s.Resume.Object > volumeObject {
			return nil
		}
		p := s.buf[:block]
		if !s.Out.Counting() {
			got, err := file.ReadAt(p, off)
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			clear(p[got:])
			s.Out.Block(volumeObject, zstream.TypeVolume, off, p, holes)
			return nil
		}
		s.Out.Write(volumeObject, zstream.TypeVolume, off, p)
		return nil
	})
	if err != nil {
		return err
	}
	return s.Out.VolumeEnd(int64(now.size))
}

// volume finds the file of a volume.
func (s *Snapshot) volume() (*inode, error) {
	root, err := s.read(btrfs.RootInode)
	if err != nil {
		return nil, err
	}
	if root != nil {
		for _, name := range root.names {
			if name.Name == VolumeName {
				n, err := s.read(name.Object)
				if n != nil || err != nil {
					return n, err
				}
			}
		}
	}
	return nil, errors.New("the volume has no content")
}
