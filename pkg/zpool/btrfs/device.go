package btrfs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/loopdev"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// minDevice is the least that a pool can live on.
const minDevice = 128 << 20

// checkDevices says whether devices can carry a pool, and returns their whole
// paths. What an interrupted making of the same pool left does not count.
func checkDevices(o dataset.PoolOptions, old *cached) ([]string, error) {
	if len(o.Devices) == 0 {
		return nil, dataset.As(dataset.ErrProperty, "invalid vdev specification: at least one toplevel vdev must be specified")
	}
	var paths []string
	for _, name := range o.Devices {
		path, err := checkDevice(name, o.Force, old)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func checkDevice(name string, force bool, old *cached) (string, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	if !strings.ContainsRune(name, '/') { // sdb is /dev/sdb
		if info, err := os.Stat("/dev/" + name); err == nil && info.Mode()&os.ModeDevice != 0 {
			path = "/dev/" + name
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return "", dataset.As(os.ErrNotExist, "cannot open '%s': no such device in /dev\nmust be a full path or shorthand device name; a file must exist: truncate -s 10G %s", name, name)
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
		return "", fmt.Errorf("cannot use '%s': must be a block device or regular file", name)
	}
	if size < minDevice {
		return "", fmt.Errorf("cannot use '%s': device is too small: %s, a pool needs %s", name,
			dataset.HumanSize(size), dataset.HumanSize(minDevice))
	}
	return path, checkContent(f, path, force || old != nil && slices.Contains(old.Devices, path))
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
