package ztree

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// place is the subvolume that inodes are opened in.
type place struct {
	dir    *os.File // its root directory
	subvol uint64
}

// A handle of btrfs, struct btrfs_fid without parent: inode, subvolume,
// generation.
const (
	handleType = 0x4d
	handleSize = 20
)

// open opens an inode, wherever its names are.
func (p *place) open(inode, igen uint64, flags int) (int, error) {
	h := make([]byte, handleSize)
	binary.NativeEndian.PutUint64(h, inode)
	binary.NativeEndian.PutUint64(h[8:], p.subvol)
	binary.NativeEndian.PutUint32(h[16:], uint32(igen))
	fd, err := unix.OpenByHandleAt(int(p.dir.Fd()), unix.NewFileHandle(handleType, h), flags|unix.O_CLOEXEC|unix.O_NOFOLLOW)
	if err != nil {
		return -1, fmt.Errorf("open inode %d: %w", inode, err)
	}
	return fd, nil
}

// identify is the inode that fd is, and its generation.
func identify(fd int) (inode, igen uint64, err error) {
	h, _, err := unix.NameToHandleAt(fd, "", unix.AT_EMPTY_PATH)
	if err != nil {
		return 0, 0, fmt.Errorf("identify inode: %w", err)
	}
	b := h.Bytes()
	if len(b) < handleSize {
		return 0, 0, fmt.Errorf("identify inode: %w", unix.EOPNOTSUPP)
	}
	return binary.NativeEndian.Uint64(b), uint64(binary.NativeEndian.Uint32(b[16:])), nil
}

// procPath leads to an open inode, also one that was opened as a path only.
func procPath(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }
