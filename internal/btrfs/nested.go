package btrfs

import (
	"os"
	"unsafe"
)

const (
	rootTree     = 1
	itemRootItem = 132
	itemRootRef  = 156
)

// Nested is the ids of the subvolumes directly inside a subvolume.
func Nested(f *os.File, subvol uint64) ([]uint64, error) {
	var ids []uint64
	err := search(f, span{tree: rootTree, first: subvol, last: subvol, kind: itemRootRef}, func(it item) { ids = append(ids, it.offset) })
	return ids, err
}

// DestroyNested destroys every subvolume inside a subvolume, at any depth. f
// lies on a mount that shows them all.
func DestroyNested(f *os.File, subvol uint64) error {
	ids, err := Nested(f, subvol)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := DestroyNested(f, id); err != nil {
			return err
		}
		if err := destroyByID(f, id); err != nil {
			return err
		}
	}
	return nil
}

func destroyByID(f *os.File, id uint64) error {
	const byID = 1 << 4
	a := &volArgs{flags: byID}
	*(*uint64)(unsafe.Pointer(&a.name[0])) = id
	return call(f, "destroy subvolume", code(dirWrite, 63, unsafe.Sizeof(*a)), unsafe.Pointer(a))
}

// Exists reports whether a subvolume is there still, if only to be cleaned up.
func Exists(f *os.File, subvol uint64) (bool, error) {
	found := false
	err := search(f, span{tree: rootTree, first: subvol, last: subvol, kind: itemRootItem}, func(item) { found = true })
	return found, err
}
