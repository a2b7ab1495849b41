package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Device is one device, or all of a major number, that a zone may use.
type Device struct {
	Block bool
	Major int64
	Minor int64 // Any for all of the major number
}

// Any stands for all minor numbers.
const Any = -1

// usualDevices are in every zone: what each /dev has, and terminals.
var usualDevices = []Device{
	{Major: 1, Minor: 3},
	{Major: 1, Minor: 5},
	{Major: 1, Minor: 7},
	{Major: 1, Minor: 8},
	{Major: 1, Minor: 9},
	{Major: 5, Minor: 0},
	{Major: 5, Minor: 1},
	{Major: 5, Minor: 2},
	{Major: 136, Minor: Any},
}

// AllowDevices lets the zone use the usual devices and these, and no others. A
// zone has no nodes of others; this holds if one should get hold of some. It
// must come before the zone's first process. It reports whether the host has
// something to hold it by.
func (s *Set) AllowDevices(more []Device) (bool, error) {
	list := append(append([]Device{}, usualDevices...), more...)
	for _, g := range s.groups {
		if g.has("devices") {
			return true, allowV1(g.dir, list)
		}
	}
	dir := s.Unified()
	if dir == "" {
		return false, nil
	}
	err := allowV2(dir, list)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL) {
		return false, nil // a kernel without, or one that does not let us
	}
	return true, err
}

func allowV1(dir string, list []Device) error {
	if err := write(dir, "devices.deny", "a"); err != nil {
		return fmt.Errorf("deny devices: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "devices.allow"), os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("allow devices: %w", err)
	}
	defer f.Close()
	for _, d := range list {
		if _, err := f.WriteString(d.rule()); err != nil {
			return fmt.Errorf("allow device %s: %w", d.rule(), err)
		}
	}
	return nil
}

// rule is the device in the words of v1.
func (d Device) rule() string {
	kind, minor := "c ", "*"
	if d.Block {
		kind = "b "
	}
	if d.Minor != Any {
		minor = strconv.FormatInt(d.Minor, 10)
	}
	return kind + strconv.FormatInt(d.Major, 10) + ":" + minor + " rwm"
}
