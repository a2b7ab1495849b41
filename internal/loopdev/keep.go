package loopdev

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// ErrBusy says that somebody has the device open.
var ErrBusy = errors.New("device is in use")

// How long Release waits for those who only have a look at a new device.
const (
	patience = time.Second
	pause    = 10 * time.Millisecond
)

// Release takes a device off its file. While somebody has it open it stays, and
// ErrBusy says so; lazy lets it go with its last user instead. The open device
// dev is closed.
func Release(dev *os.File, lazy bool) error {
	path := dev.Name()
	if err := SetReadOnly(dev, false); err != nil { // or it is so for the next file
		dev.Close()
		return err
	}
	for end := time.Now().Add(patience); ; time.Sleep(pause) {
		err := unix.IoctlSetInt(int(dev.Fd()), unix.LOOP_CLR_FD, 0)
		dev.Close()
		if err != nil && !errors.Is(err, unix.ENXIO) {
			return fmt.Errorf("release %s: %w", path, err)
		}
		if lazy || err != nil {
			return nil
		}
		bound, err := open(path)
		if bound == nil || err != nil {
			return err
		}
		if time.Now().After(end) {
			err := setFlags(bound, 0)
			return errors.Join(fmt.Errorf("%s: %w", path, ErrBusy), err, bound.Close())
		}
		dev = bound
	}
}

// open opens a loop device that has a file, nil when it has none.
func open(path string) (*os.File, error) {
	dev, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENXIO) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := unix.IoctlLoopGetStatus64(int(dev.Fd())); err != nil {
		dev.Close()
		if errors.Is(err, unix.ENXIO) {
			return nil, nil
		}
		return nil, fmt.Errorf("status of %s: %w", path, err)
	}
	return dev, nil
}

// setFlags changes whether a device vanishes with its last user.
func setFlags(dev *os.File, flags uint32) error {
	info, err := unix.IoctlLoopGetStatus64(int(dev.Fd()))
	if err != nil {
		return fmt.Errorf("status of %s: %w", dev.Name(), err)
	}
	info.Flags = info.Flags&^unix.LO_FLAGS_AUTOCLEAR | flags
	return unix.IoctlLoopSetStatus64(int(dev.Fd()), info)
}

// IsBehind opens the loop device at path when file is behind it, nil when it
// is not.
func IsBehind(path string, file *os.File) (*os.File, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		return nil, fmt.Errorf("stat %s: %w", file.Name(), err)
	}
	dev, err := open(path)
	if dev == nil || err != nil {
		return nil, err
	}
	info, err := unix.IoctlLoopGetStatus64(int(dev.Fd()))
	if err != nil || info.Device != st.Dev || info.Inode != st.Ino {
		dev.Close()
		return nil, nil
	}
	return dev, nil
}

// Resize makes a device as large as its file is now.
func Resize(dev *os.File) error {
	if err := unix.IoctlSetInt(int(dev.Fd()), unix.LOOP_SET_CAPACITY, 0); err != nil {
		return fmt.Errorf("resize %s: %w", dev.Name(), err)
	}
	return nil
}

// SetReadOnly changes whether a device can be written.
func SetReadOnly(dev *os.File, readOnly bool) error {
	value := 0
	if readOnly {
		value = 1
	}
	if err := unix.IoctlSetPointerInt(int(dev.Fd()), unix.BLKROSET, value); err != nil {
		return fmt.Errorf("make %s read-only: %w", dev.Name(), err)
	}
	return nil
}
