package btrfs

import (
	"encoding/binary"
	"encoding/hex"
	"os"
	"unsafe"
)

// UUID identifies a file system.
type UUID [16]byte

func (u UUID) String() string {
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// GUID is the identifier as one number, as ZFS has it for pools.
func (u UUID) GUID() uint64 { return binary.BigEndian.Uint64(u[:]) }

// FSInfo describes the file system that f lies on.
type FSInfo struct {
	UUID       UUID
	Devices    uint64
	MaxDevice  uint64
	Generation uint64
}

// FS describes the file system that f lies on; ENOTTY says it is no btrfs.
func FS(f *os.File) (FSInfo, error) {
	const generation = 1 << 1
	a := &struct {
		maxID, devices                   uint64
		fsid                             UUID
		nodesize, sectorsize, cloneAlign uint32
		csumType, csumSize               uint16
		flags, generation                uint64
		metadata                         UUID
		reserved                         [944]byte
	}{flags: generation}
	if err := call(f, "fs info", code(dirRead, 31, 1024), unsafe.Pointer(a)); err != nil {
		return FSInfo{}, err
	}
	return FSInfo{UUID: a.fsid, Devices: a.devices, MaxDevice: a.maxID, Generation: a.generation}, nil
}

// Space sums block groups of one kind.
type Space struct{ Total, Used uint64 }

// Spaces is what the file system has set aside and used, mirrors counted as
// often as they are kept.
type Spaces struct{ Data, Metadata Space }

// SpacesOf reads the block groups of the file system that f lies on.
func SpacesOf(f *os.File) (Spaces, error) {
	groups, err := spaceGroups(f)
	if err != nil {
		return Spaces{}, err
	}
	const (
		data    = 1 << 0
		twice   = uint64(RAID1 | DUP | RAID10)
		reserve = 1 << 49 // the global reserve is part of metadata
	)
	var s Spaces
	for _, g := range groups {
		if g.flags&reserve != 0 {
			continue
		}
		copies := uint64(1)
		switch {
		case g.flags&twice != 0:
			copies = 2
		case g.flags&uint64(RAID1C3) != 0:
			copies = 3
		case g.flags&uint64(RAID1C4) != 0:
			copies = 4
		}
		sum := &s.Metadata
		if g.flags&data != 0 {
			sum = &s.Data
		}
		sum.Total += copies * g.total
		sum.Used += copies * g.used
	}
	return s, nil
}

type spaceGroup struct{ flags, total, used uint64 }

func spaceGroups(f *os.File) ([]spaceGroup, error) {
	const slots = 64
	a := &struct {
		slots, total uint64
		info         [slots]spaceGroup
	}{slots: slots}
	if err := call(f, "space info", code(dirRead|dirWrite, 20, 16), unsafe.Pointer(a)); err != nil {
		return nil, err
	}
	return a.info[:min(a.total, slots)], nil
}

// Device is one device of a file system.
type Device struct {
	ID    uint64
	Path  string
	Total uint64
	Used  uint64 // allocated to block groups

	Missing bool // what a caller found out; the kernel tells by an empty path
}

// Devices lists the devices of the file system that f lies on.
func Devices(f *os.File) ([]Device, error) {
	info, err := FS(f)
	if err != nil {
		return nil, err
	}
	var all []Device
	for id := uint64(1); id <= info.MaxDevice; id++ {
		buf := new([4096]byte)
		binary.NativeEndian.PutUint64(buf[:], id)
		if err := call(f, "device info", code(dirRead|dirWrite, 30, 4096), unsafe.Pointer(buf)); err != nil {
			continue // ids of removed devices are gaps
		}
		all = append(all, Device{
			ID:    id,
			Used:  binary.NativeEndian.Uint64(buf[24:]),
			Total: binary.NativeEndian.Uint64(buf[32:]),
			Path:  cString(buf[3072:]),
		})
	}
	return all, nil
}

// DeviceErrors counts what went wrong on one device since it was last reset.
type DeviceErrors struct{ Write, Read, Flush, Corruption, Generation uint64 }

// ErrorsOf reads a device's counters.
func ErrorsOf(f *os.File, device uint64) (DeviceErrors, error) {
	a := &devStats{id: device, items: 5}
	if err := deviceStats(f, a); err != nil {
		return DeviceErrors{}, err
	}
	v := a.values
	return DeviceErrors{Write: v[0], Read: v[1], Flush: v[2], Corruption: v[3], Generation: v[4]}, nil
}

// devStats is struct btrfs_ioctl_get_dev_stats.
type devStats struct {
	id, items, flags uint64
	values           [5]uint64
	_                [121]uint64
}

func deviceStats(f *os.File, a *devStats) error {
	return call(f, "device stats", code(dirRead|dirWrite, 52, unsafe.Sizeof(*a)), unsafe.Pointer(a))
}

func cString(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

// SetLabel changes the name of the file system that f lies on.
func SetLabel(f *os.File, label string) error {
	buf := new([256]byte)
	copy(buf[:len(buf)-1], label)
	return call(f, "set label", code(dirWrite, 50, 256), unsafe.Pointer(buf))
}
