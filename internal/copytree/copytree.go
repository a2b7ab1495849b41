// Package copytree copies a directory as it is: owners, modes, times, extended
// attributes, hard links, holes, special files. Contents are shared where the
// file system can. It follows no symbolic link; the trees must be at rest.
package copytree

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Copy makes to a copy of the directory from; to must not exist.
func Copy(ctx context.Context, from, to string) error {
	c := copier{ctx: ctx, links: map[inode]string{}}
	return c.entry(from, to)
}

type inode struct{ dev, ino uint64 }

type copier struct {
	ctx   context.Context
	links map[inode]string // first copy of a file that has several names
}

func (c *copier) entry(from, to string) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(from, &st); err != nil {
		return &os.PathError{Op: "copy", Path: from, Err: err}
	}
	kind := st.Mode & unix.S_IFMT
	if kind != unix.S_IFDIR && st.Nlink > 1 {
		id := inode{st.Dev, st.Ino}
		if first, ok := c.links[id]; ok {
			return os.Link(first, to)
		}
		c.links[id] = to
	}
	if err := c.make(kind, from, to, &st); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	if err := attributes(from, to, &st); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}

func (c *copier) make(kind uint32, from, to string, st *unix.Stat_t) error {
	switch kind {
	case unix.S_IFDIR:
		return c.dir(from, to)
	case unix.S_IFREG:
		return content(from, to)
	case unix.S_IFLNK:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	return unix.Mknod(to, st.Mode, int(st.Rdev))
}

func (c *copier) dir(from, to string) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	list, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range list {
		if err := c.entry(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// content copies a regular file, by sharing its blocks or else its data
// without the holes.
func content(from, to string) (err error) {
	src, err := os.OpenFile(from, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())) == nil {
		return nil
	}
	info, err := src.Stat()
	if err != nil {
		return err
	}
	if err := dst.Truncate(info.Size()); err != nil {
		return err
	}
	return data(src, dst, info.Size())
}
