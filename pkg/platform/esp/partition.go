package esp

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/platform/media"
)

// Sizes of a disk's parts.
const (
	sector   = 512
	aligned  = 2048      // sectors: 1 MiB
	espBytes = 256 << 20 // room for a loader and its successor
	minDisk  = 1 << 30
)

// ErrNone says that there is no EFI system partition beside a pool.
var ErrNone = errors.New("the disk has no EFI system partition")

// Partition divides a whole disk, whose content is lost, into an EFI system
// partition and the rest, and returns the device of the rest.
func Partition(disk string) (string, error) {
	f, err := os.OpenFile(disk, os.O_RDWR|unix.O_EXCL, 0)
	if errors.Is(err, unix.EBUSY) {
		return "", fmt.Errorf("%s is in use", disk)
	}
	if err != nil {
		return "", err
	}
	err = divide(f, rand.Text())
	if err == nil {
		// The kernel reads them anew; nodes come at once.
		if err = unix.IoctlSetInt(int(f.Fd()), unix.BLKRRPART, 0); err != nil {
			err = fmt.Errorf("read the partitions anew: %w", err)
		}
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("%s: %w", disk, err)
	}
	rest := part(disk, 2)
	return rest, appears(rest)
}

// divide writes the tables and an empty file system for the loader.
func divide(f *os.File, seed string) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if bytes, err := unix.IoctlGetInt(int(f.Fd()), unix.BLKSSZGET); err == nil && bytes != sector {
		return fmt.Errorf("its sectors have %d bytes: only a disk with %d can be made bootable", bytes, sector)
	}
	if size < minDisk {
		return fmt.Errorf("it has %d MB, which is too little for a pool and a loader", size/1e6)
	}
	sectors := uint64(size / sector)
	const espLast = aligned + espBytes/sector - 1
	parts := []media.Partition{
		{Name: "boot", ESP: true, First: aligned, Last: espLast},
		{Name: "pool", First: espLast + 1, Last: (sectors-34)/aligned*aligned - 1},
	}
	head, tail := media.Tables(sectors, seed, parts)
	if err := format(io.NewOffsetWriter(f, aligned*sector)); err != nil {
		return err
	}
	if _, err := f.WriteAt(tail, int64(sectors)*sector-int64(len(tail))); err != nil {
		return err
	}
	if _, err := f.WriteAt(head, 0); err != nil {
		return err
	}
	return f.Sync()
}

// format writes an empty file system; where it is all zeros, only its beginning.
func format(w io.WriterAt) error {
	const chunk = 1 << 20
	fat, err := media.FAT(nil, espBytes-4<<20, aligned, uint32(time.Now().Unix()))
	if err != nil {
		return err
	}
	for at := 0; at < 8*chunk; at += chunk {
		if _, err := w.WriteAt(fat[at:at+chunk], int64(at)); err != nil {
			return err
		}
	}
	return nil
}

// part is the device of a disk's n-th partition.
func part(disk string, n int) string {
	if last := disk[len(disk)-1]; '0' <= last && last <= '9' { // nvme0n1p2
		disk += "p"
	}
	return disk + strconv.Itoa(n)
}

// appears waits until a device is there.
func appears(dev string) error {
	for range 200 {
		if _, err := os.Stat(dev); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("%s does not appear", dev)
}

// Of is the EFI system partition on the disk that a device is a partition of;
// ErrNone when there is none.
func Of(device string) (string, error) {
	device, err := filepath.EvalSymlinks(device)
	if err != nil {
		return "", err
	}
	entry, err := filepath.EvalSymlinks(filepath.Join("/sys/class/block", filepath.Base(device)))
	if err != nil {
		return "", fmt.Errorf("%s: %w", device, ErrNone) // a file, maybe
	}
	if _, err := os.Stat(filepath.Join(entry, "partition")); err != nil {
		return "", fmt.Errorf("%s is a whole disk: %w", device, ErrNone)
	}
	disk := filepath.Join(filepath.Dir(device), filepath.Base(filepath.Dir(entry)))
	n, err := find(disk)
	if err != nil {
		return "", fmt.Errorf("%s: %w", disk, err)
	}
	return part(disk, n), nil
}

// find is the number of a disk's EFI system partition.
func find(disk string) (int, error) {
	f, err := os.Open(disk)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	parts, err := media.ReadGPT(f)
	if err != nil {
		return 0, err
	}
	for i, p := range parts {
		if p.ESP {
			return i + 1, nil
		}
	}
	return 0, ErrNone
}
