package host

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// MountFD is a mount held by descriptor, in no directory yet or attached.
type MountFD int

// Close lets go of the descriptor; a mount that was never attached is gone.
func (m MountFD) Close() { unix.Close(int(m)) }

// CloneTree takes the mount that shows path, detached, with what is mounted
// below it when recursive.
func CloneTree(dirfd int, path string, recursive bool) (MountFD, error) {
	flags := uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_EMPTY_PATH)
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	fd, err := unix.OpenTree(dirfd, path, flags)
	if err != nil {
		return -1, &os.PathError{Op: "open_tree", Path: path, Err: err}
	}
	return MountFD(fd), nil
}

// NewFS makes a file system and its mount, detached. Options are fsconfig(2)
// strings, KEY=VALUE or KEY; attr are MOUNT_ATTR_ flags.
func NewFS(kind string, attr int, options ...string) (MountFD, error) {
	fd, err := unix.Fsopen(kind, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("fsopen %s: %w", kind, err)
	}
	defer unix.Close(fd)
	for _, o := range append([]string{"source=" + kind}, options...) {
		if key, value, ok := strings.Cut(o, "="); ok {
			err = unix.FsconfigSetString(fd, key, value)
		} else {
			err = unix.FsconfigSetFlag(fd, o)
		}
		if err != nil {
			return -1, fmt.Errorf("%s option %s: %w", kind, o, err)
		}
	}
	if err := unix.FsconfigCreate(fd); err != nil {
		return -1, fmt.Errorf("make %s: %w", kind, err)
	}
	m, err := unix.Fsmount(fd, unix.FSMOUNT_CLOEXEC, attr)
	if err != nil {
		return -1, fmt.Errorf("fsmount %s: %w", kind, err)
	}
	return MountFD(m), nil
}

// Set adds mount attributes, and with userns > 0 shifts the owners of files by
// that user namespace's map.
func (m MountFD) Set(attr uint64, userns int, recursive bool) error {
	a := unix.MountAttr{Attr_set: attr}
	if userns > 0 {
		a.Attr_set |= unix.MOUNT_ATTR_IDMAP
		a.Userns_fd = uint64(userns)
	}
	flags := uint(unix.AT_EMPTY_PATH)
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	if a.Attr_set == 0 {
		return nil
	}
	return unix.MountSetattr(int(m), "", flags, &a)
}

// Attach puts the mount over the file or directory that target is open on.
func (m MountFD) Attach(target int) error {
	return unix.MoveMount(int(m), "", target, "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH)
}

// OpenIn opens name as a process whose root directory is dir would, without
// following magic links: nothing outside of dir can be reached.
func OpenIn(dir int, name string, flags int) (int, error) {
	how := unix.OpenHow{
		Flags:   uint64(flags) | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	}
	fd, err := unix.Openat2(dir, name, &how)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return fd, nil
}

// MkdirIn makes the directory name and its parents inside dir as OpenIn sees
// them, and returns it open (O_PATH).
func MkdirIn(dir int, name string, perm uint32) (int, error) {
	name = path.Clean("/" + name)
	if fd, err := OpenIn(dir, name, unix.O_PATH|unix.O_DIRECTORY); err == nil {
		return fd, nil
	}
	at := "/"
	for elem := range strings.SplitSeq(strings.Trim(name, "/"), "/") {
		fd, err := OpenIn(dir, at, unix.O_PATH|unix.O_DIRECTORY)
		if err != nil {
			return -1, err
		}
		err = unix.Mkdirat(fd, elem, perm)
		unix.Close(fd)
		if err != nil && !errors.Is(err, unix.EEXIST) {
			return -1, &os.PathError{Op: "mkdir", Path: name, Err: err}
		}
		at = path.Join(at, elem)
	}
	return OpenIn(dir, name, unix.O_PATH|unix.O_DIRECTORY)
}
