package btrfs

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// volArgs is struct btrfs_ioctl_vol_args_v2.
type volArgs struct {
	fd      int64
	transid uint64
	flags   uint64
	size    uint64 // of the inherit block
	inherit uint64 // its address
	unused  [2]uint64
	name    [4040]byte
}

const (
	flagReadOnly = 1 << 1
	flagInherit  = 1 << 2
)

func (a *volArgs) setName(name string) error {
	if len(name) == 0 || len(name) > 255 {
		return fmt.Errorf("subvolume name %q: %w", name, unix.ENAMETOOLONG)
	}
	copy(a.name[:], name)
	return nil
}

// setGroups makes the new subvolume a member of quota groups from its start.
func (a *volArgs) setGroups(pin *runtime.Pinner, groups []QgroupID) {
	if len(groups) == 0 {
		return
	}
	// struct btrfs_qgroup_inherit: flags, three counts, a limit, the ids.
	block := make([]uint64, 9, 9+len(groups))
	block[1] = uint64(len(groups))
	for _, g := range groups {
		block = append(block, uint64(g))
	}
	pin.Pin(&block[0])
	a.flags |= flagInherit
	a.size = uint64(8 * len(block))
	a.inherit = uint64(uintptr(unsafe.Pointer(&block[0])))
}

// CreateSubvolume makes an empty subvolume in dir, member of groups.
func CreateSubvolume(dir *os.File, name string, groups ...QgroupID) error {
	var pin runtime.Pinner
	defer pin.Unpin()
	a := new(volArgs)
	if err := a.setName(name); err != nil {
		return err
	}
	a.setGroups(&pin, groups)
	return call(dir, "create subvolume "+name, code(dirWrite, 24, unsafe.Sizeof(*a)), unsafe.Pointer(a))
}

// Snapshot makes a snapshot of the subvolume whose root src is, in dir.
func Snapshot(src, dir *os.File, name string, readOnly bool, groups ...QgroupID) error {
	var pin runtime.Pinner
	defer pin.Unpin()
	a := &volArgs{fd: int64(src.Fd())}
	if err := a.setName(name); err != nil {
		return err
	}
	if readOnly {
		a.flags |= flagReadOnly
	}
	a.setGroups(&pin, groups)
	err := call(dir, "snapshot "+name, code(dirWrite, 23, unsafe.Sizeof(*a)), unsafe.Pointer(a))
	runtime.KeepAlive(src)
	return err
}

// DestroySubvolume unlinks a subvolume or snapshot; the kernel frees its
// space in the background.
func DestroySubvolume(dir *os.File, name string) error {
	a := new(volArgs)
	if err := a.setName(name); err != nil {
		return err
	}
	return call(dir, "destroy subvolume "+name, code(dirWrite, 63, unsafe.Sizeof(*a)), unsafe.Pointer(a))
}

// SubvolumeInfo is what the kernel tells of a subvolume.
type SubvolumeInfo struct {
	ID         uint64
	Generation uint64
	Created    uint64 // the transaction it was made in
	ReadOnly   bool
}

// Info describes the subvolume that f lies in.
func Info(f *os.File) (SubvolumeInfo, error) {
	// struct btrfs_ioctl_get_subvol_info_args, 504 bytes.
	const (
		offGeneration = 8 + 256 + 16
		offFlags      = offGeneration + 8
		offOtransid   = offFlags + 8 + 3*16 + 8
	)
	buf := new([504]byte)
	if err := call(f, "subvolume info", code(dirRead, 60, 504), unsafe.Pointer(buf)); err != nil {
		return SubvolumeInfo{}, err
	}
	u64 := func(off int) uint64 { return binary.NativeEndian.Uint64(buf[off:]) }
	return SubvolumeInfo{
		ID:         u64(0),
		Generation: u64(offGeneration),
		Created:    u64(offOtransid),
		ReadOnly:   u64(offFlags)&1 != 0, // BTRFS_ROOT_SUBVOL_RDONLY
	}, nil
}

// TreeOf is the id of the subvolume that f lies in, cheaper than Info.
func TreeOf(f *os.File) (uint64, error) {
	a := &struct {
		treeid, objectid uint64
		name             [4080]byte
	}{objectid: RootInode}
	if err := call(f, "tree of", code(dirRead|dirWrite, 18, 4096), unsafe.Pointer(a)); err != nil {
		return 0, err
	}
	return a.treeid, nil
}

// SetReadOnly changes whether the subvolume whose root f is may be written.
func SetReadOnly(f *os.File, readOnly bool) error {
	var flags uint64
	if err := call(f, "get flags", code(dirRead, 25, 8), unsafe.Pointer(&flags)); err != nil {
		return err
	}
	flags &^= flagReadOnly
	if readOnly {
		flags |= flagReadOnly
	}
	return call(f, "set flags", code(dirWrite, 26, 8), unsafe.Pointer(&flags))
}
