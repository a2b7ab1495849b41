package btrfs

import (
	"math"
	"os"
	"unsafe"
)

// Kinds of items in the tree of a subvolume.
const (
	ItemInode  = 1
	ItemRef    = 12
	ItemExtRef = 13
	ItemXattr  = 24
	ItemIndex  = 96 // of a directory: a name
	ItemExtent = 108
)

// Item is an item of a subvolume's tree.
type Item struct {
	Inode  uint64
	Kind   uint32
	Offset uint64
	Data   []byte // valid until the next item
}

// Items calls each for the items of the inodes from first to last, in order,
// that lie in parts of the tree changed in transaction since or later.
func Items(f *os.File, subvol, first, last, since uint64, each func(Item) error) error {
	a := &struct {
		key  searchKey
		size uint64
		buf  [searchBuffer]byte
	}{key: searchKey{
		tree: subvol, minObjectid: first, maxObjectid: last, maxOffset: math.MaxUint64,
		minTransid: since, maxTransid: math.MaxUint64, maxType: math.MaxUint32,
	}}
	for {
		a.key.items, a.size = math.MaxUint32, searchBuffer
		const head = unsafe.Sizeof(a.key) + unsafe.Sizeof(a.size)
		if err := call(f, "search", code(dirRead|dirWrite, 17, head), unsafe.Pointer(a)); err != nil {
			return err
		}
		var failed error
		end, n := walk(a.buf[:], a.key.items, func(it item) {
			if failed == nil {
				failed = each(Item{Inode: it.objectid, Kind: it.kind, Offset: it.offset, Data: it.data})
			}
		})
		if failed != nil || n == 0 || !a.key.behind(end) {
			return failed
		}
	}
}

// behind makes the search go on behind an item of any kind; false says that it
// was the last there can be.
func (k *searchKey) behind(it item) bool {
	k.minObjectid, k.minType, k.minOffset = it.objectid, it.kind, it.offset+1
	if it.offset == math.MaxUint64 {
		k.minOffset = 0
		k.minType++
		if it.kind == math.MaxUint32 {
			k.minType = 0
			k.minObjectid++
		}
	}
	return k.minObjectid <= k.maxObjectid
}
