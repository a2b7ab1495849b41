// Package beneath works on files below one directory whose content somebody
// else chose: an image being unpacked, a zone's root. Whatever symbolic links,
// "..", absolute names or magic links lie there, no operation reaches a file
// outside (openat2(2), Linux 5.6). It holds no policy on what may be there.
package beneath

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrEscapes says that a path would leave the tree.
var ErrEscapes = errors.New("leaves the directory it must stay in")

// ErrNotDirectory says that a directory was expected and something else, or a
// symbolic link that leads nowhere, is there.
var ErrNotDirectory = errors.New("is not a directory")

// maxCached bounds the directories that are held open.
const maxCached = 64

// Tree is a directory opened once. Paths given to its methods are relative,
// clean and slash-separated; see Clean. A Tree is for one goroutine.
type Tree struct {
	root int
	dirs map[string]int // open directories by path, kept while nothing moves
}

// Open opens dir as a tree. A symbolic link at its end is refused.
func Open(dir string) (*Tree, error) {
	fd, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	return &Tree{root: fd, dirs: map[string]int{}}, nil
}

// Close lets go of all open directories.
func (t *Tree) Close() error {
	t.forget()
	return unix.Close(t.root)
}

// Clean brings a path from outside into the form that the methods take: "."
// for the tree itself. Absolute paths, ".." and NUL are errors.
func Clean(name string) (string, error) {
	switch {
	case name == "":
		return "", errors.New("is empty")
	case strings.ContainsRune(name, 0):
		return "", errors.New("has a NUL byte")
	case name[0] == '/':
		return "", fmt.Errorf("is absolute: %w", ErrEscapes)
	case len(name) >= unix.PathMax:
		return "", fmt.Errorf("is %d bytes long, at most %d are possible", len(name), unix.PathMax-1)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", fmt.Errorf("has a %q in it: %w", "..", ErrEscapes)
		}
		if len(part) > unix.NAME_MAX {
			return "", fmt.Errorf("has a part of %d bytes, at most %d are possible", len(part), unix.NAME_MAX)
		}
	}
	return path.Clean(name), nil
}

// forget closes the cached directories; needed when a directory or a symbolic
// link among them may have gone.
func (t *Tree) forget() {
	for name, fd := range t.dirs {
		unix.Close(fd)
		delete(t.dirs, name)
	}
}

// parent is the open directory that name lies in, made when missing, and the
// last part of name. Symbolic links on the way are followed as long as they
// are relative and stay below.
func (t *Tree) parent(name string) (int, string, error) {
	dir, base := path.Split(name)
	fd, err := t.dir(strings.TrimSuffix(dir, "/"))
	return fd, base, err
}

func (t *Tree) dir(name string) (int, error) {
	if name == "" || name == "." {
		return t.root, nil
	}
	if fd, ok := t.dirs[name]; ok {
		return fd, nil
	}
	fd, err := openBelow(t.root, name)
	if errors.Is(err, unix.ENOENT) {
		if fd, err = t.makeDir(name); err != nil {
			return -1, err
		}
	}
	if err != nil {
		return -1, wrap(name, err)
	}
	if len(t.dirs) >= maxCached {
		t.forget()
	}
	t.dirs[name] = fd
	return fd, nil
}

// makeDir makes a directory that an entry needs but nobody named, and its
// parents likewise. A link that leads nowhere is no place for one.
func (t *Tree) makeDir(name string) (int, error) {
	up, base, err := t.parent(name)
	if err != nil {
		return -1, err
	}
	if err := unix.Mkdirat(up, base, 0o755); errors.Is(err, unix.EEXIST) {
		return -1, unix.ENOTDIR
	} else if err != nil {
		return -1, err
	}
	return openBelow(up, base)
}

func openBelow(at int, name string) (int, error) {
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	}
	return openat2(at, name, &how)
}

// openat2 tries again when a rename somewhere on the machine made the kernel
// unsure whether ".." stayed below.
func openat2(at int, name string, how *unix.OpenHow) (int, error) {
	for range 64 {
		fd, err := unix.Openat2(at, name, how)
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
	return -1, unix.EAGAIN
}

func wrap(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EXDEV):
		return fmt.Errorf("%q %w", name, ErrEscapes)
	case errors.Is(err, unix.ELOOP):
		return fmt.Errorf("%q is a loop of symbolic links", name)
	case errors.Is(err, unix.ENOTDIR):
		return fmt.Errorf("%q %w", name, ErrNotDirectory)
	}
	return fmt.Errorf("%q: %w", name, err)
}
