package beneath

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNotEmpty says that a directory with files in it is in the way of
// something that is no directory.
var ErrNotEmpty = errors.New("is a directory that is not empty")

// Attr is what an inode has beside its content. Mode holds permission, setuid,
// setgid and sticky bits as chmod(2) takes them.
type Attr struct {
	UID, GID int
	Mode     uint32
	MTime    time.Time
	Xattrs   map[string]string
}

// Mkdir makes a directory; one that is there stays and takes the attributes,
// anything else there is replaced. "." is the tree itself. The time is left
// for Touch, since every file made below changes it.
func (t *Tree) Mkdir(name string, a Attr) error {
	fd, err := t.openDir(name)
	if err != nil {
		return wrap(name, err)
	}
	defer unix.Close(fd)
	return wrap(name, setAttr(fd, a))
}

func (t *Tree) openDir(name string) (int, error) {
	if name == "." {
		return unix.Openat(t.root, ".", dirFlags, 0)
	}
	at, base, err := t.parent(name)
	if err != nil {
		return -1, err
	}
	err = unix.Mkdirat(at, base, 0o700)
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return -1, err
	}
	fd, err := unix.Openat(at, base, dirFlags, 0)
	if !errors.Is(err, unix.ENOTDIR) && !errors.Is(err, unix.ELOOP) {
		return fd, err
	}
	if err := t.replace(at, base, func() error { return unix.Mkdirat(at, base, 0o700) }); err != nil {
		return -1, err
	}
	return unix.Openat(at, base, dirFlags, 0)
}

const dirFlags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC

// Create makes a regular file, replacing what is there.
func (t *Tree) Create(name string) (*File, error) {
	at, base, err := t.parent(name)
	if err != nil {
		return nil, wrap(name, err)
	}
	fd := -1
	err = t.replace(at, base, func() (err error) {
		fd, err = unix.Openat(at, base, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		return err
	})
	if err != nil {
		return nil, wrap(name, err)
	}
	return &File{fd: fd, at: at, base: base, name: name}, nil
}

// Symlink makes a symbolic link, replacing what is there. Where it points is
// the business of those who look at it from inside.
func (t *Tree) Symlink(target, name string, a Attr) error {
	at, base, err := t.parent(name)
	if err != nil {
		return wrap(name, err)
	}
	if err := t.replace(at, base, func() error { return unix.Symlinkat(target, at, base) }); err != nil {
		return wrap(name, err)
	}
	if err := unix.Fchownat(at, base, a.UID, a.GID, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return wrap(name, err)
	}
	return wrap(name, touch(at, base, a.MTime))
}

// Link makes name another name of the file that is at old, replacing what is
// there. A symbolic link at old is linked itself, never followed.
func (t *Tree) Link(old, name string) error {
	if old == name {
		return nil
	}
	// Twice, because opening the second parent may empty the cache that
	// holds the first.
	var from, at int
	var fromBase, base string
	var err error
	for range 2 {
		if from, fromBase, err = t.parent(old); err != nil {
			return wrap(old, err)
		}
		if at, base, err = t.parent(name); err != nil {
			return wrap(name, err)
		}
	}
	var st unix.Stat_t
	if err := unix.Fstatat(from, fromBase, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("%q, to which %q is a hard link, is not there", old, name)
	}
	err = t.replace(at, base, func() error { return unix.Linkat(from, fromBase, at, base, 0) })
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("%q is a hard link to the directory %q", name, old)
	}
	return wrap(name, err)
}

// Fifo makes a named pipe, replacing what is there.
func (t *Tree) Fifo(name string, a Attr) error {
	at, base, err := t.parent(name)
	if err != nil {
		return wrap(name, err)
	}
	if err := t.replace(at, base, func() error { return unix.Mknodat(at, base, unix.S_IFIFO|0o600, 0) }); err != nil {
		return wrap(name, err)
	}
	if err := unix.Fchownat(at, base, a.UID, a.GID, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return wrap(name, err)
	}
	if err := unix.Fchmodat(at, base, a.Mode, 0); err != nil {
		return wrap(name, err)
	}
	return wrap(name, touch(at, base, a.MTime))
}

// Touch sets the modification time of whatever is at name, not following it.
func (t *Tree) Touch(name string, mtime time.Time) error {
	if name == "." {
		return wrap(name, touch(t.root, ".", mtime))
	}
	at, base, err := t.parent(name)
	if err != nil {
		return wrap(name, err)
	}
	return wrap(name, touch(at, base, mtime))
}

// replace runs make, which must refuse an existing name; what is there is
// removed and make run again.
func (t *Tree) replace(at int, base string, make func() error) error {
	err := make()
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	if err := t.remove(at, base); err != nil {
		return err
	}
	return make()
}

// remove takes away one name. Cached directories that were reached over it
// must be looked up anew; at stays open for the caller.
func (t *Tree) remove(at int, base string) error {
	var st unix.Stat_t
	if err := unix.Fstatat(at, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		t.forgetExcept(at)
		err := unix.Unlinkat(at, base, unix.AT_REMOVEDIR)
		if errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) {
			return ErrNotEmpty
		}
		return err
	case unix.S_IFLNK:
		t.forgetExcept(at)
	}
	return unix.Unlinkat(at, base, 0)
}

func (t *Tree) forgetExcept(keep int) {
	for name, fd := range t.dirs {
		if fd != keep {
			unix.Close(fd)
			delete(t.dirs, name)
		}
	}
}

// touch clamps to what file systems can store.
func touch(at int, base string, mtime time.Time) error {
	sec := min(max(mtime.Unix(), 0), 1<<33)
	ts := unix.Timespec{Sec: sec, Nsec: int64(mtime.Nanosecond())}
	return unix.UtimesNanoAt(at, base, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW)
}

// setAttr sets the owner first: chown(2) clears setuid bits and capabilities.
func setAttr(fd int, a Attr) error {
	if err := unix.Fchown(fd, a.UID, a.GID); err != nil {
		return fmt.Errorf("set owner %d:%d: %w", a.UID, a.GID, err)
	}
	if err := unix.Fchmod(fd, a.Mode); err != nil {
		return err
	}
	for name, value := range a.Xattrs {
		if err := unix.Fsetxattr(fd, name, []byte(value), 0); err != nil {
			return fmt.Errorf("set extended attribute %s: %w", name, err)
		}
	}
	return nil
}
