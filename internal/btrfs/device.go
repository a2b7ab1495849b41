package btrfs

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Profile is how block groups lie on devices.
type Profile uint64

// The profiles that pools use.
const (
	RAID0   Profile = 1 << 3
	RAID1   Profile = 1 << 4
	DUP     Profile = 1 << 5
	RAID10  Profile = 1 << 6
	RAID1C3 Profile = 1 << 9
	RAID1C4 Profile = 1 << 10
	Single  Profile = 1 << 48
)

// AddDevice adds a device, which must hold nothing, to the file system that f
// lies on.
func AddDevice(f *os.File, path string) error {
	a, err := volumeName(path)
	if err != nil {
		return err
	}
	return call(f, "add device "+path, code(dirWrite, 10, unsafe.Sizeof(*a)), unsafe.Pointer(a))
}

// ResizeDevice makes the file system use all of a device.
func ResizeDevice(f *os.File, id uint64) error {
	a, err := volumeName(fmt.Sprintf("%d:max", id))
	if err != nil {
		return err
	}
	return call(f, "resize device", code(dirWrite, 3, unsafe.Sizeof(*a)), unsafe.Pointer(a))
}

// nameArgs is struct btrfs_ioctl_vol_args.
type nameArgs struct {
	fd   int64
	name [4088]byte
}

func volumeName(name string) (*nameArgs, error) {
	a := new(nameArgs)
	if len(name) >= len(a.name) {
		return nil, fmt.Errorf("%s: %w", name, unix.ENAMETOOLONG)
	}
	copy(a.name[:], name)
	return a, nil
}

// RemoveDevice moves what a device holds to the others and drops it.
func RemoveDevice(f *os.File, id uint64) error {
	const byID = 1 << 3
	a := &volArgs{flags: byID}
	binary.NativeEndian.PutUint64(a.name[:], id)
	return call(f, "remove device", code(dirWrite, 58, unsafe.Sizeof(*a)), unsafe.Pointer(a))
}

// ReplaceDevice copies a device, or what others have of it, to another, which
// takes its place. It returns when that is done.
func ReplaceDevice(f *os.File, id uint64, path string) error {
	const start = 0
	a := &struct {
		cmd, result uint64
		source      uint64
		mode        uint64
		sourceName  [1025]byte
		targetName  [1025]byte
		_           [6]byte
		_           [64]uint64
	}{cmd: start, source: id}
	if len(path) >= len(a.targetName) {
		return fmt.Errorf("%s: %w", path, unix.ENAMETOOLONG)
	}
	copy(a.targetName[:], path)
	if err := call(f, "replace device", code(dirRead|dirWrite, 53, unsafe.Sizeof(*a)), unsafe.Pointer(a)); err != nil {
		return err
	}
	if a.result != 0 {
		return fmt.Errorf("replace device: another replace or balance is going on (%d)", a.result)
	}
	return nil
}

// balanceArgs is struct btrfs_balance_args.
type balanceArgs struct {
	profiles, usage, devid, pstart, pend, vstart, vend uint64
	target, flags, limit                               uint64
	stripesMin, stripesMax                             uint32
	_                                                  [6]uint64
}

// Convert gives all block groups other profiles. It returns when that is done.
func Convert(f *os.File, data, metadata Profile) error {
	const (
		kinds   = 1<<0 | 1<<1 | 1<<2 // data, system, metadata
		force   = 1 << 3             // fewer copies of metadata than before are meant
		convert = 1 << 8
		soft    = 1 << 9 // what is so already stays
	)
	to := func(p Profile) balanceArgs {
		return balanceArgs{target: uint64(p), flags: convert | soft, vend: math.MaxUint64, pend: math.MaxUint64}
	}
	a := &struct {
		flags, state       uint64
		data, meta, system balanceArgs
		progress           [3]uint64
		_                  [72]uint64
	}{flags: kinds | force, data: to(data), meta: to(metadata), system: to(metadata)}
	return call(f, "convert block groups", code(dirRead|dirWrite, 32, unsafe.Sizeof(*a)), unsafe.Pointer(a))
}

// ResetErrors sets a device's counters to zero.
func ResetErrors(f *os.File, device uint64) error {
	const reset = 1
	return deviceStats(f, &devStats{id: device, items: 5, flags: reset})
}

// ScrubProgress is how far the scrub of a device has come, or how it ended.
type ScrubProgress struct {
	DataExtents, TreeExtents, DataBytes, TreeBytes     uint64
	ReadErrors, ChecksumErrors, VerifyErrors           uint64
	NoChecksum, Discards, SuperErrors, MallocErrors    uint64
	Uncorrectable, Corrected, LastPhysical, Unverified uint64
}

type scrubArgs struct {
	device, start, end, flags uint64
	progress                  ScrubProgress
	_                         [109]uint64
}

// Scrub reads all of a device from start on and repairs what can be repaired.
// It returns when that is done, or with ECANCELED.
func Scrub(f *os.File, device, start uint64) (ScrubProgress, error) {
	a := &scrubArgs{device: device, start: start, end: math.MaxUint64}
	err := call(f, "scrub", code(dirRead|dirWrite, 27, unsafe.Sizeof(*a)), unsafe.Pointer(a))
	return a.progress, err
}

// ScrubState asks how far the scrub of a device has come; ENOTCONN says that
// there is none.
func ScrubState(f *os.File, device uint64) (ScrubProgress, error) {
	a := &scrubArgs{device: device}
	err := call(f, "scrub progress", code(dirRead|dirWrite, 29, unsafe.Sizeof(*a)), unsafe.Pointer(a))
	return a.progress, err
}

// CancelScrub ends the scrubs of all devices; ENOTCONN says that there are none.
func CancelScrub(f *os.File) error {
	return call(f, "cancel scrub", code(dirNone, 28, 0), nil)
}

// Trim tells devices which blocks are free and returns how many bytes.
func Trim(f *os.File) (uint64, error) {
	const fitrim = 0xc0185879
	a := &struct{ start, length, least uint64 }{length: math.MaxUint64}
	err := call(f, "trim", fitrim, unsafe.Pointer(a))
	return a.length, err
}

// Profiles reads which profiles block groups have, and how many bytes each.
func Profiles(f *os.File) (data, metadata map[Profile]uint64, err error) {
	const (
		kindData = 1 << 0
		kindMeta = 1 << 2
		all      = RAID0 | RAID1 | DUP | RAID10 | RAID1C3 | RAID1C4 | 1<<7 | 1<<8
		reserve  = 1 << 49
	)
	groups, err := spaceGroups(f)
	data, metadata = make(map[Profile]uint64), make(map[Profile]uint64)
	for _, g := range groups {
		p := Profile(g.flags) & all
		if p == 0 {
			p = Single
		}
		switch {
		case g.flags&reserve != 0:
		case g.flags&kindData != 0:
			data[p] += g.total
		case g.flags&kindMeta != 0:
			metadata[p] += g.total
		}
	}
	return data, metadata, err
}
