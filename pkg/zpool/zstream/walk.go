package zstream

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"time"
)

// File types, as in the upper bits of a mode and in directory entries.
const (
	typeMask    = 0o170000
	modeChar    = 0o020000
	modeDir     = 0o040000
	modeBlock   = 0o060000
	modeRegular = 0o100000
	modeSymlink = 0o120000
)

// Entry is one name in a file system.
type Entry struct {
	Path         string // "." for the root, else without a leading slash
	Object       uint64
	LinkOf       string // the path under which the object came before, or ""
	Mode         uint32 // type and permissions, as stat has them
	UID, GID     uint32
	Size         int64
	Links        uint64
	AccessTime   time.Time
	ModTime      time.Time
	Major, Minor uint32 // of a device
	Target       string // of a symbolic link
	Xattrs       map[string][]byte
	ACL          []byte // NFSv4 entries that say more than the mode, or nil
	Hidden       bool   // it holds extended attributes and has no place in the tree
	Generation   uint64 // differs between objects that had the same number
	Parent       uint64 // object of a directory that names it

	ChangeTime, BirthTime time.Time // what Linux cannot be told, so only sent
}

// Walk calls fn for each name of the file system: directories before what
// they hold, names in order. Names are safe to use as one path element.
func (r *Receiver) Walk(fn func(*Entry) error) error {
	if r.guid == 0 || r.partial != 0 || r.kind != FilesystemSet {
		return errors.New("no whole file system was received")
	}
	root, err := r.Root()
	if err != nil {
		return err
	}
	w := walker{Receiver: r, fn: fn, seen: map[uint64]string{}}
	return w.visit(".", Name{Object: root, Type: modeDir >> 12})
}

// Root is the object of the root directory.
func (r *Receiver) Root() (uint64, error) {
	master, err := r.numbersIn(masterObject)
	if err != nil {
		return 0, err
	}
	if master["ROOT"] == 0 {
		return 0, errors.New("the file system names no root directory")
	}
	return master["ROOT"], nil
}

type walker struct {
	*Receiver
	fn   func(*Entry) error
	seen map[uint64]string // first path of each object
}

// visit reports one name and what is below it.
func (w *walker) visit(at string, d Name) error {
	e, err := w.Stat(d)
	if err != nil {
		return fmt.Errorf("%q: %w", at, err)
	}
	e.Path, e.LinkOf = at, w.seen[d.Object]
	if e.LinkOf != "" && e.Mode&typeMask == modeDir {
		return fmt.Errorf("%q: the directory was reached before, as %q", at, e.LinkOf)
	}
	if e.LinkOf == "" {
		w.seen[d.Object] = at
	}
	if err := w.fn(e); err != nil {
		return err
	}
	if e.Mode&typeMask != modeDir {
		return nil
	}
	names, err := w.Names(d.Object)
	if err != nil {
		return fmt.Errorf("%q: %w", at, err)
	}
	for _, d := range names {
		if err := w.visit(path.Join(at, d.Name), d); err != nil {
			return err
		}
	}
	return nil
}

// Stat collects what is known about the object behind a name.
func (r *Receiver) Stat(d Name) (*Entry, error) {
	z, err := r.znode(d)
	if err != nil {
		return nil, err
	}
	if z.uid>>32 != 0 || z.gid>>32 != 0 {
		return nil, errors.New("its owner is a Windows identity, which is not supported")
	}
	e := &Entry{
		Object: d.Object, Mode: uint32(z.mode), UID: uint32(z.uid), GID: uint32(z.gid), Hidden: z.flags&flagXattr != 0,
		Links: z.links, AccessTime: z.atime, ModTime: z.mtime, Generation: z.gen, Parent: z.parent,
	}
	if z.flags&aclTrivial == 0 {
		e.ACL = z.aces
	}
	if e.Xattrs, err = r.xattrs(z); err != nil {
		return nil, err
	}
	return e, r.special(e, z)
}

// special fills in what only some types of file have.
func (r *Receiver) special(e *Entry, z *znode) (err error) {
	switch e.Mode & typeMask {
	case modeRegular:
		if z.size > math.MaxInt64 {
			return fmt.Errorf("a file of %d bytes is impossible", z.size)
		}
		e.Size = int64(z.size)
	case modeSymlink:
		e.Target, err = r.target(e.Object, z)
		e.Size = int64(len(e.Target))
	case modeChar, modeBlock:
		e.Major, e.Minor = z.device()
	}
	return err
}

// maxTarget is the longest target a symbolic link can have.
const maxTarget = 4095

// target reads a symbolic link, wherever this version keeps its target.
func (r *Receiver) target(number uint64, z *znode) (string, error) {
	target := z.symlink
	if target == nil && z.size <= maxTarget {
		target = make([]byte, z.size)
		if err := r.content(number, target, 0); err != nil {
			return "", err
		}
	}
	if n := len(target); n == 0 || n > maxTarget || uint64(n) != z.size || slices.Contains(target, 0) {
		return "", fmt.Errorf("a link to a target of %d bytes is impossible", z.size)
	}
	return string(target), nil
}

// Name is a name in a directory. It is safe to use as one path element.
type Name struct {
	Name   string
	Object uint64
	Type   uint64 // the type bits of a mode, shifted down; 0 where nobody says
}

// znode reads the attributes behind a name and compares the type.
func (r *Receiver) znode(d Name) (*znode, error) {
	o, err := r.store.Get(d.Object)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, fmt.Errorf("the name stands for object %d, which does not exist", d.Object)
	}
	z, err := r.attributes(o, d.Object)
	if err != nil {
		return nil, fmt.Errorf("object %d: %w", d.Object, err)
	}
	if kind := z.mode & typeMask >> 12; z.mode > math.MaxUint16 || d.Type != 0 && d.Type != kind {
		return nil, fmt.Errorf("the name says type %d, its object has mode %o", d.Type, z.mode)
	}
	if (z.mode&typeMask == modeDir) != (o.Kind == TypeDirectory) || o.Kind != TypeDirectory && o.Kind != TypeFile {
		return nil, fmt.Errorf("object %d of type %d has mode %o", d.Object, o.Kind, z.mode)
	}
	return z, nil
}

// Names reads a directory's names, sorted and checked.
func (r *Receiver) Names(number uint64) ([]Name, error) {
	o, err := r.store.Get(number)
	if err != nil {
		return nil, err
	}
	if o == nil || o.Kind != TypeDirectory {
		return nil, fmt.Errorf("object %d is not a directory", number)
	}
	var names []Name
	err = r.eachIn(number, func(name string, v zapValue) error {
		n, err := v.number()
		if err != nil {
			return fmt.Errorf("name %q: %w", name, err)
		}
		if err := checkName(name); err != nil {
			return err
		}
		names = append(names, Name{Name: name, Object: n & (maxObject - 1), Type: n >> 60})
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(names, func(a, b Name) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(names); i++ {
		if names[i].Name == names[i-1].Name {
			return nil, fmt.Errorf("the name %q stands there twice", names[i].Name)
		}
	}
	return names, nil
}

// maxName is the longest name that Linux can store.
const maxName = 255

// checkName refuses a name that leads elsewhere or cannot be stored.
func checkName(name string) error {
	switch {
	case name == "" || name == "." || name == "..", strings.ContainsAny(name, "/\x00"):
		return fmt.Errorf("the name %q is dangerous", name)
	case len(name) > maxName:
		return fmt.Errorf("a name of %d bytes is longer than the %d that Linux can store", len(name), maxName)
	}
	return nil
}
