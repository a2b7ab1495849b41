// Package loopdev puts files behind loop block devices: for a while, with a
// device that vanishes with its last user (Attach), or until it is taken away
// by name (Keep, Release).
package loopdev

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Attach puts file behind a free loop device that vanishes when the last user
// (a mount, an open file) is gone; the returned open device is the first user.
// Direct I/O is used where the file's system has it, so that no page is cached
// twice.
func Attach(file *os.File) (*os.File, error) { return attach(file, unix.LO_FLAGS_AUTOCLEAR) }

// Keep is Attach with a device that stays, used or not, until Release.
func Keep(file *os.File) (*os.File, error) { return attach(file, 0) }

func attach(file *os.File, flags uint32) (*os.File, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("attach loop device: %w", err)
	}
	defer control.Close()
	for range 64 { // somebody else may take the free one before us
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("attach loop device: %w", err)
		}
		dev, err := configure(fmt.Sprintf("/dev/loop%d", n), file, flags)
		if !errors.Is(err, unix.EBUSY) {
			return dev, err
		}
	}
	return nil, fmt.Errorf("attach loop device for %s: %w", file.Name(), unix.EBUSY)
}

func configure(path string, file *os.File, flags uint32) (*os.File, error) {
	dev, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("attach loop device: %w", err)
	}
	config := &unix.LoopConfig{Fd: uint32(file.Fd())}
	config.Info.Flags = flags | unix.LO_FLAGS_DIRECT_IO
	copy(config.Info.File_name[:len(config.Info.File_name)-1], file.Name())
	err = unix.IoctlLoopConfigure(int(dev.Fd()), config)
	if errors.Is(err, unix.EINVAL) { // no direct I/O for this file
		config.Info.Flags = flags
		err = unix.IoctlLoopConfigure(int(dev.Fd()), config)
	}
	if err == nil { // whoever had the device before may have left it read-only
		err = SetReadOnly(dev, false)
	}
	if err != nil {
		dev.Close()
		return nil, fmt.Errorf("attach %s to %s: %w", file.Name(), path, err)
	}
	return dev, nil
}

// Find opens the loop device that file is behind, nil when there is none.
func Find(file *os.File) (*os.File, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		return nil, fmt.Errorf("stat %s: %w", file.Name(), err)
	}
	real, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", file.Fd())) // links resolved
	if err != nil {
		return nil, err
	}
	found, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		return nil, err
	}
	for _, sys := range found {
		if st.Nlink <= 1 && !behind(sys, filepath.Base(real)) {
			continue // an open device cannot vanish: leave those of others alone
		}
		dev, err := os.OpenFile("/dev/"+strings.Split(sys, "/")[3], os.O_RDWR, 0)
		if err != nil {
			continue // it vanished meanwhile
		}
		info, err := unix.IoctlLoopGetStatus64(int(dev.Fd()))
		if err == nil && info.Device == st.Dev && info.Inode == st.Ino && info.Offset == 0 {
			return dev, nil
		}
		dev.Close()
	}
	return nil, nil
}

// behind reports whether the file behind a device has that base name; it may
// be seen under another path.
func behind(sys, base string) bool {
	path, err := os.ReadFile(sys)
	name := strings.TrimSuffix(strings.TrimSuffix(string(path), "\n"), " (deleted)")
	return err == nil && filepath.Base(name) == base
}

// Device opens the block device to use for path: path itself when it is one,
// else the loop device of the file, attached if need be.
func Device(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode()&os.ModeDevice != 0 {
		return f, nil
	}
	defer f.Close()
	if err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is neither a block device nor a file", path)
	}
	if dev, err := Find(f); dev != nil || err != nil {
		return dev, err
	}
	return Attach(f)
}

// Backing is the file behind a loop device, or path itself when it is none.
func Backing(path string) string {
	file, err := os.ReadFile(filepath.Join("/sys/class/block", filepath.Base(path), "loop/backing_file"))
	if err != nil || filepath.Dir(path) != "/dev" {
		return path
	}
	return strings.TrimSpace(string(file))
}
