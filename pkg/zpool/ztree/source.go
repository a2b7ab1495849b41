package ztree

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// Snapshot is a read-only subvolume that is read for sending.
type Snapshot struct {
	Dir    *os.File // any directory of the file system
	Subvol uint64
	Made   uint64 // transaction that made it
}

// inode is all that btrfs knows of a file.
type inode struct {
	number uint64
	found  bool

	generation, size, rdev uint64
	links, uid, gid, mode  uint32
	atime, ctime, mtime    time.Time
	otime                  time.Time

	parent  uint64
	xattrs  map[string][]byte
	names   []zstream.Name
	extents []fileExtent
	nested  int // subvolumes that somebody made in it
}

// fileExtent is a part of a file's content.
type fileExtent struct {
	start, length int64
	hole          bool
	disk          uint64 // where it lies
	skip          uint64 // from there on
	packing       uint8
	inline        []byte
}

// take adds what an item says.
func (n *inode) take(it btrfs.Item) error {
	var err error
	switch it.Kind {
	case btrfs.ItemInode:
		err = n.attributes(it.Data)
	case btrfs.ItemRef, btrfs.ItemExtRef:
		if n.parent == 0 {
			n.parent = it.Offset
			if it.Kind == btrfs.ItemExtRef && len(it.Data) >= 8 {
				n.parent = binary.LittleEndian.Uint64(it.Data)
			}
		}
	case btrfs.ItemXattr:
		err = eachDirItem(it.Data, func(d dirItem) {
			if n.xattrs == nil {
				n.xattrs = map[string][]byte{}
			}
			n.xattrs[d.name] = bytes.Clone(d.data)
		})
	case btrfs.ItemIndex:
		err = eachDirItem(it.Data, func(d dirItem) {
			if d.kind != inodeKey {
				n.nested++
				return
			}
			n.names = append(n.names, zstream.Name{Name: d.name, Object: d.inode, Type: d.fileType()})
		})
	case btrfs.ItemExtent:
		err = n.extent(int64(it.Offset), it.Data)
	}
	if err != nil {
		return fmt.Errorf("inode %d: %w", it.Inode, err)
	}
	return nil
}

var errItem = errors.New("an item of the file system is not understood")

func (n *inode) attributes(p []byte) error {
	if len(p) < 160 {
		return errItem
	}
	le := binary.LittleEndian
	n.found = true
	n.generation, n.size, n.rdev = le.Uint64(p), le.Uint64(p[16:]), le.Uint64(p[56:])
	n.links, n.uid, n.gid, n.mode = le.Uint32(p[40:]), le.Uint32(p[44:]), le.Uint32(p[48:]), le.Uint32(p[52:])
	for off, t := range map[int]*time.Time{112: &n.atime, 124: &n.ctime, 136: &n.mtime, 148: &n.otime} {
		*t = time.Unix(int64(le.Uint64(p[off:])), int64(le.Uint32(p[off+8:])))
	}
	return nil
}

// Types of a part of a file.
const (
	extentInline = iota
	extentRegular
	extentUnwritten
)

func (n *inode) extent(start int64, p []byte) error {
	if len(p) < 21 {
		return errItem
	}
	le := binary.LittleEndian
	e := fileExtent{start: start, length: int64(le.Uint64(p[8:])), packing: p[16]}
	switch kind := p[20]; {
	case kind == extentInline:
		e.inline = bytes.Clone(p[21:])
	case len(p) < 53:
		return errItem
	default:
		e.disk, e.skip, e.length = le.Uint64(p[21:]), le.Uint64(p[37:]), int64(le.Uint64(p[45:]))
		e.hole = e.disk == 0 || kind == extentUnwritten
	}
	if !e.hole {
		n.extents = append(n.extents, e)
	}
	return nil
}

// dirItem is a name in a directory, or an attribute.
type dirItem struct {
	inode uint64
	kind  uint8 // of the item that it leads to
	ftype uint8
	name  string
	data  []byte
}

const inodeKey = 1

func eachDirItem(p []byte, fn func(dirItem)) error {
	const head = 30
	le := binary.LittleEndian
	for len(p) > 0 {
		if len(p) < head {
			return errItem
		}
		data, name := int(le.Uint16(p[25:])), int(le.Uint16(p[27:]))
		if len(p) < head+name+data {
			return errItem
		}
		fn(dirItem{
			inode: le.Uint64(p), kind: p[8], ftype: p[29],
			name: string(p[head : head+name]), data: p[head+name : head+name+data],
		})
		p = p[head+name+data:]
	}
	return nil
}

// fileType is the type bits of a mode, shifted down.
func (d dirItem) fileType() uint64 {
	types := [...]uint64{0, 8, 4, 2, 6, 1, 12, 10}
	if int(d.ftype) < len(types) {
		return types[d.ftype]
	}
	return 0
}

// each calls fn for every file of the snapshot that has a name, by number.
func (s *Snapshot) each(fn func(*inode) error) error {
	n := new(inode)
	emit := func() error {
		if n.found && n.links > 0 {
			return fn(n)
		}
		return nil
	}
	err := btrfs.Items(s.Dir, s.Subvol, btrfs.RootInode, lastInode, 0, func(it btrfs.Item) error {
		if it.Inode != n.number {
			if err := emit(); err != nil {
				return err
			}
			n = &inode{number: it.Inode}
		}
		return n.take(it)
	})
	if err != nil {
		return err
	}
	return emit()
}

// lastInode is the highest number that a file can have.
const lastInode = math.MaxUint64 - 256

// read reads one file; nil when there is none of that number with a name.
func (s *Snapshot) read(number uint64) (*inode, error) {
	n := &inode{number: number}
	err := btrfs.Items(s.Dir, s.Subvol, number, number, 0, n.take)
	if err != nil || !n.found || n.links == 0 {
		return nil, err
	}
	return n, nil
}

// changed is the numbers of all files that something may have changed of since
// a transaction, in order. It looks only at the parts of the tree that changed.
func (s *Snapshot) changed(since uint64) ([]uint64, error) {
	var all []uint64
	err := btrfs.Items(s.Dir, s.Subvol, btrfs.RootInode, lastInode, since, func(it btrfs.Item) error {
		if len(all) == 0 || all[len(all)-1] != it.Inode {
			all = append(all, it.Inode)
		}
		return nil
	})
	slices.Sort(all)
	return slices.Compact(all), err
}

// open opens a file's content.
func (s *Snapshot) open(n *inode) (*os.File, error) {
	p := place{s.Dir, s.Subvol}
	fd, err := p.open(n.number, n.generation, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), fmt.Sprintf("inode %d", n.number)), nil
}

func (n *inode) isDir() bool     { return n.mode&unix.S_IFMT == unix.S_IFDIR }
func (n *inode) isRegular() bool { return n.mode&unix.S_IFMT == unix.S_IFREG }

// entry is the file as a stream describes it.
func (n *inode) entry() *zstream.Entry {
	e := &zstream.Entry{
		Object: n.number, Mode: n.mode, UID: n.uid, GID: n.gid, Size: int64(n.size), Links: uint64(n.links),
		AccessTime: n.atime, ModTime: n.mtime, ChangeTime: n.ctime, BirthTime: n.otime,
		Parent: n.parent, Generation: n.generation << 1,
		Major: uint32(n.rdev >> 20), Minor: uint32(n.rdev & (1<<20 - 1)),
	}
	if n.isRegular() {
		e.Generation = zstream.Generation(n.generation, e.Size)
	}
	if n.number == btrfs.RootInode {
		e.Parent = btrfs.RootInode
	}
	if n.mode&unix.S_IFMT == unix.S_IFLNK && len(n.extents) > 0 {
		e.Target = string(n.extents[0].inline)
	}
	for name, value := range n.xattrs {
		switch {
		case name == ACLXattr:
			e.ACL = value
		case !isOurs(name):
			if e.Xattrs == nil {
				e.Xattrs = map[string][]byte{}
			}
			e.Xattrs[name] = value
		}
	}
	return e
}

// isOurs tells the attributes that are the file system's own business.
func isOurs(name string) bool { return len(name) > 6 && name[:6] == "btrfs." }

// isLike reports whether two states of a file are one to a receiver, but for
// content and names.
func (n *inode) isLike(o *inode) bool {
	return n.generation == o.generation && n.size == o.size && n.rdev == o.rdev && n.links == o.links &&
		n.uid == o.uid && n.gid == o.gid && n.mode == o.mode && n.parent == o.parent &&
		n.atime.Equal(o.atime) && n.ctime.Equal(o.ctime) && n.mtime.Equal(o.mtime) &&
		maps.EqualFunc(n.xattrs, o.xattrs, bytes.Equal)
}
