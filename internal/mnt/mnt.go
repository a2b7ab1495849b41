// Package mnt mounts directories of mounted file systems in other places, by
// file descriptor, so that no path is walked twice and no symbolic link below
// a chosen root is ever followed.
package mnt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Attr are the flags of one mount.
type Attr struct {
	ReadOnly bool
	NoSuid   bool
	NoDev    bool
	NoExec   bool
	NoAtime  bool
	Relatime bool // with NoAtime false: update access times seldom
}

func (a Attr) kernel() *unix.MountAttr {
	k := &unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV |
		unix.MOUNT_ATTR_NOEXEC | unix.MOUNT_ATTR__ATIME}
	for _, f := range []struct {
		on   bool
		flag uint64
	}{
		{a.ReadOnly, unix.MOUNT_ATTR_RDONLY},
		{a.NoSuid, unix.MOUNT_ATTR_NOSUID},
		{a.NoDev, unix.MOUNT_ATTR_NODEV},
		{a.NoExec, unix.MOUNT_ATTR_NOEXEC},
		{a.NoAtime, unix.MOUNT_ATTR_NOATIME},
		{!a.NoAtime && !a.Relatime, unix.MOUNT_ATTR_STRICTATIME},
	} {
		if f.on {
			k.Attr_set |= f.flag
		}
	}
	return k
}

// moveMountBeneath is MOVE_MOUNT_BENEATH (kernel 6.5): under the mount that is
// there, which can then be taken away without a moment of nothing.
const moveMountBeneath = 0x200

// Bind mounts the directory name of dir on target, which Place found; beneath
// what is mounted there already when so asked (EINVAL before kernel 6.5).
func Bind(dir *os.File, name string, a Attr, target *os.File, beneath bool) error {
	fd, err := unix.OpenTree(int(dir.Fd()), name, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW)
	if err != nil {
		return fmt.Errorf("clone mount of %s: %w", name, err)
	}
	defer unix.Close(fd)
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, a.kernel()); err != nil {
		return fmt.Errorf("mount attributes of %s: %w", target.Name(), err)
	}
	flags := unix.MOVE_MOUNT_F_EMPTY_PATH | unix.MOVE_MOUNT_T_EMPTY_PATH
	if beneath {
		flags |= moveMountBeneath
	}
	if err := unix.MoveMount(fd, "", int(target.Fd()), "", flags); err != nil {
		return fmt.Errorf("mount on %s: %w", target.Name(), err)
	}
	return nil
}

// SetAttr changes the flags of the mount whose root path below root is.
func SetAttr(root, path string, a Attr) error {
	f, err := Open(root, path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.MountSetattr(int(f.Fd()), "", unix.AT_EMPTY_PATH, a.kernel()); err != nil {
		return fmt.Errorf("mount attributes of %s: %w", f.Name(), err)
	}
	return nil
}

// Open finds the directory path below root, following no symbolic link below
// root. The file is only a place (O_PATH).
func Open(root, path string) (*os.File, error) {
	dir, err := os.OpenFile(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return OpenIn(dir, path)
}

// OpenIn is Open for a root that is open already.
func OpenIn(root *os.File, path string) (*os.File, error) {
	return openAt(root, strings.TrimPrefix(filepath.Clean("/"+path), "/"))
}

func openAt(dir *os.File, rel string) (*os.File, error) {
	full := filepath.Join(dir.Name(), rel)
	if rel == "" {
		rel = "."
	}
	fd, err := unix.Openat2(int(dir.Fd()), rel, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC | unix.O_NOFOLLOW,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: full, Err: err}
	}
	return os.NewFile(uintptr(fd), full), nil
}

// Place is Open, making directories that are missing.
func Place(root, path string) (*os.File, error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, err
	}
	dir, err := Open(root, "")
	if err != nil {
		return nil, err
	}
	for name := range strings.SplitSeq(strings.Trim(filepath.Clean("/"+path), "/"), "/") {
		if name == "" {
			break
		}
		next, err := step(dir, name)
		dir.Close()
		if err != nil {
			return nil, err
		}
		dir = next
	}
	return dir, nil
}

func step(dir *os.File, name string) (*os.File, error) {
	next, err := openAt(dir, name)
	if !errors.Is(err, os.ErrNotExist) {
		return next, err
	}
	if err := unix.Mkdirat(int(dir.Fd()), name, 0o755); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, &os.PathError{Op: "mkdir", Path: filepath.Join(dir.Name(), name), Err: err}
	}
	return openAt(dir, name)
}

// IsRoot reports whether path below root is where a file system is mounted;
// a path that does not exist is not.
func IsRoot(root, path string) (bool, error) {
	f, err := Open(root, path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	id, err := Identify(f, "")
	return id.MountRoot, err
}

// Identity tells files apart, and whether a file is the root of a mount.
type Identity struct {
	Device, Inode uint64
	MountRoot     bool
}

// Identify looks at name in dir, or with an empty name at dir itself.
func Identify(dir *os.File, name string) (Identity, error) {
	var st unix.Statx_t
	flags := unix.AT_SYMLINK_NOFOLLOW
	if name == "" {
		flags |= unix.AT_EMPTY_PATH
	}
	if err := unix.Statx(int(dir.Fd()), name, flags, unix.STATX_INO, &st); err != nil {
		return Identity{}, &os.PathError{Op: "statx", Path: filepath.Join(dir.Name(), name), Err: err}
	}
	return Identity{
		Device: unix.Mkdev(st.Dev_major, st.Dev_minor), Inode: st.Ino,
		MountRoot: st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0,
	}, nil
}

// Unmount takes the topmost mount off path below root. Lazy lets it go from
// the tree now and end when its last user does.
func Unmount(root, path string, lazy bool) error {
	path = filepath.Clean("/" + path)
	parent, err := Open(root, filepath.Dir(path))
	if err != nil {
		return err
	}
	defer parent.Close()
	flags := unix.UMOUNT_NOFOLLOW
	if lazy {
		flags |= unix.MNT_DETACH
	}
	// An open file of the mount itself would keep it busy: go by its parent.
	at := "/proc/self/fd/" + strconv.Itoa(int(parent.Fd())) + "/" + filepath.Base(path)
	if err := unix.Unmount(at, flags); err != nil {
		return &os.PathError{Op: "unmount", Path: filepath.Join(root, path), Err: err}
	}
	return nil
}
