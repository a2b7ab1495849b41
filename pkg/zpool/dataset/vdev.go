package dataset

import (
	"slices"
	"strings"
)

// Layout is how a pool's data lies on its devices.
type Layout string

// The layouts.
const (
	Single  Layout = "single"         // one device
	Stripe  Layout = "stripe"         // several devices, one copy
	Mirror  Layout = "mirror"         // a copy on each of two to four devices
	Mirrors Layout = "stripe-mirrors" // several mirrors of two
)

// Copies is on how many devices each piece of data is.
func (l Layout) Copies(devices int) int {
	switch l {
	case Mirror:
		return devices
	case Mirrors:
		return 2
	}
	return 1
}

// Groups cuts devices in the mirrors that they are shown as; a device outside
// of a mirror is a group of its own.
func (l Layout) Groups(devices []Device) [][]Device {
	size := 1
	switch l {
	case Mirror:
		size = max(1, len(devices))
	case Mirrors:
		size = 2
	}
	return slices.Collect(slices.Chunk(devices, size))
}

// maxCopies is the most that a mirror can have.
const maxCopies = 4

// ParseVdevs reads what zpool create and add take: devices, or groups of them
// behind the word mirror.
func ParseVdevs(args []string) (Layout, []string, error) {
	var devices []string
	var mirrors []int // size of each
	for _, arg := range args {
		switch {
		case arg == "mirror":
			if len(mirrors) == 0 && len(devices) > 0 {
				return "", nil, errMixed
			}
			mirrors = append(mirrors, 0)
		case strings.HasPrefix(arg, "raidz"), strings.HasPrefix(arg, "draid"):
			return "", nil, As(ErrUnsupported, "invalid vdev specification: '%s' is %v: btrfs can lose raid5 and raid6 data in a power cut; use mirror", arg, ErrUnsupported)
		case slices.Contains([]string{"log", "cache", "spare", "special", "dedup"}, arg):
			return "", nil, As(ErrUnsupported, "invalid vdev specification: '%s' devices are %v", arg, ErrUnsupported)
		default:
			devices = append(devices, arg)
			if len(mirrors) > 0 {
				mirrors[len(mirrors)-1]++
			}
		}
	}
	return layoutOf(devices, mirrors)
}

var errMixed = As(ErrUnsupported, "invalid vdev specification: mirrors and single devices in one pool are %v", ErrUnsupported)

func layoutOf(devices []string, mirrors []int) (Layout, []string, error) {
	for i, d := range devices {
		if slices.Contains(devices[:i], d) {
			return "", nil, As(ErrProperty, "invalid vdev specification: %s is named twice", d)
		}
	}
	for _, n := range mirrors {
		switch {
		case n < 2:
			return "", nil, As(ErrProperty, "invalid vdev specification: mirror requires at least 2 devices")
		case n > maxCopies:
			return "", nil, As(ErrUnsupported, "invalid vdev specification: mirrors of more than %d devices are %v", maxCopies, ErrUnsupported)
		case n > 2 && len(mirrors) > 1:
			return "", nil, As(ErrUnsupported, "invalid vdev specification: several mirrors of more than 2 devices are %v", ErrUnsupported)
		}
	}
	switch {
	case len(devices) == 0:
		return "", nil, As(ErrProperty, "invalid vdev specification: at least one toplevel vdev must be specified")
	case len(mirrors) > 1:
		return Mirrors, devices, nil
	case len(mirrors) == 1:
		return Mirror, devices, nil
	case len(devices) > 1:
		return Stripe, devices, nil
	}
	return Single, devices, nil
}
