// Package btrfs asks the kernel's btrfs through ioctls: subvolumes and
// snapshots, quota groups, tree searches, superblocks. It forks nothing, keeps
// no state and knows no dataset.
package btrfs

import (
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Magic is what statfs(2) calls the file system.
const Magic = unix.BTRFS_SUPER_MAGIC

// RootInode is the inode number of every subvolume's root directory.
const RootInode = 256

// Ioctl directions of asm-generic/ioctl.h.
const (
	dirNone  = 0
	dirWrite = 1
	dirRead  = 2
)

func code(dir, nr, size uintptr) uintptr {
	const btrfs = 0x94
	return dir<<30 | size<<16 | btrfs<<8 | nr
}

// call runs one ioctl on f; arg must point to memory of the size the code says.
func call(f *os.File, name string, request uintptr, arg unsafe.Pointer) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), request, uintptr(arg))
	runtime.KeepAlive(f)
	if errno != 0 {
		return &os.PathError{Op: "btrfs " + name, Path: f.Name(), Err: errno}
	}
	return nil
}

// Sync waits until everything written to f's file system is on its devices.
func Sync(f *os.File) error {
	return call(f, "sync", code(dirNone, 8, 0), nil)
}

// Commit makes what was changed in the file system's trees (subvolumes, quota
// groups) last, without waiting for data that is still to be written.
func Commit(f *os.File) error {
	var transaction uint64
	if err := call(f, "start sync", code(dirRead, 24, 8), unsafe.Pointer(&transaction)); err != nil {
		return err
	}
	return call(f, "wait sync", code(dirWrite, 22, 8), unsafe.Pointer(&transaction))
}
