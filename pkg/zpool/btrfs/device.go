package btrfs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/loopdev"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// minDevice is the least that a pool can live on.
const minDevice = 128 << 20

// checkDevice says whether the devices given can carry a new pool.
func checkDevice(o dataset.PoolOptions, old *cached) (string, error) {
	if len(o.Devices) == 0 {
		return "", errors.New("invalid vdev specification: at least one toplevel vdev must be specified")
	}
	if len(o.Devices) > 1 {
		return "", dataset.As(dataset.ErrUnsupported, "invalid vdev specification: a pool of several devices is %v", dataset.ErrUnsupported)
	}
	path, err := filepath.Abs(o.Devices[0])
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return "", dataset.As(os.ErrNotExist, "cannot open '%s': no such device in /dev\nmust be a full path or shorthand device name; a file must exist: truncate -s 10G %s", o.Devices[0], o.Devices[0])
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	mode, size, err := sizeOf(f)
	if err != nil {
		return "", err
	}
	if !mode.IsRegular() && mode&os.ModeDevice == 0 {
		return "", fmt.Errorf("cannot use '%s': must be a block device or regular file", o.Devices[0])
	}
	if size < minDevice {
		return "", fmt.Errorf("cannot use '%s': device is too small: %s, a pool needs %s", o.Devices[0],
			dataset.HumanSize(size), dataset.HumanSize(minDevice))
	}
	return path, checkContent(f, path, o.Force || old != nil && len(old.Devices) > 0 && old.Devices[0] == path)
}

func sizeOf(f *os.File) (os.FileMode, int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	size, err := f.Seek(0, 2)
	return info.Mode(), size, err
}

// checkContent refuses devices in use, and without force those that hold a
// pool or another file system.
func checkContent(f *os.File, path string, force bool) error {
	loop, err := loopOf(f)
	if err != nil {
		return err
	}
	if loop != nil {
		return fmt.Errorf("invalid vdev specification\nthe following errors must be manually repaired:\n%s is in use: behind %s", path, loop.Name())
	}
	if excl, err := os.OpenFile(path, os.O_RDWR|unix.O_EXCL, 0); errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("invalid vdev specification\nthe following errors must be manually repaired:\n%s is in use", path)
	} else if err == nil {
		excl.Close()
	}
	if force {
		return nil
	}
	what := contentOf(f)
	if what == "" {
		return nil
	}
	return fmt.Errorf("invalid vdev specification\nuse '-f' to override the following errors:\n%s %s", path, what)
}

// loopOf finds the loop device that f is behind. One that is only about to
// vanish, since somebody else has a look at it, is waited for.
func loopOf(f *os.File) (*os.File, error) {
	const patience, pause = 2 * time.Second, 20 * time.Millisecond
	for end := time.Now().Add(patience); ; time.Sleep(pause) {
		loop, err := loopdev.Find(f)
		if err != nil || loop == nil {
			return nil, err
		}
		loop.Close()
		if time.Now().After(end) {
			return loop, nil
		}
	}
}

// contentOf recognises what is commonly found on disks.
func contentOf(f *os.File) string {
	if super, err := btrfs.ReadSuper(f); err == nil {
		if super.Label != "" {
			return fmt.Sprintf("is part of potentially active pool '%s'", super.Label)
		}
		return "contains a filesystem of type 'btrfs'"
	}
	for _, m := range []struct {
		at    int64
		magic string
		name  string
	}{
		{0, "XFSB", "a filesystem of type 'xfs'"},
		{1080, "\x53\xef", "a filesystem of type 'ext4'"},
		{510, "\x55\xaa", "a partition table"},
		{512, "EFI PART", "a partition table"},
		{0, "LUKS\xba\xbe", "a filesystem of type 'crypto_LUKS'"},
		{512, "LABELONE", "a filesystem of type 'LVM2_member'"},
		{4086, "SWAPSPACE2", "a filesystem of type 'swap'"},
	} {
		b := make([]byte, len(m.magic))
		if _, err := f.ReadAt(b, m.at); err == nil && bytes.Equal(b, []byte(m.magic)) {
			return "contains " + m.name
		}
	}
	return ""
}
