package btrfs

import (
	"encoding/binary"
	"math"
	"os"
	"unsafe"
)

// quotaTree is the tree of quota groups.
const quotaTree = 8

// Item kinds in the quota tree.
const (
	itemQgroupInfo     = 242
	itemQgroupRelation = 246
)

// item is one hit of a tree search.
type item struct {
	objectid, offset uint64
	kind             uint32
	data             []byte // valid until the next hit
}

// searchKey is struct btrfs_ioctl_search_key.
type searchKey struct {
	tree                     uint64
	minObjectid, maxObjectid uint64
	minOffset, maxOffset     uint64
	minTransid, maxTransid   uint64
	minType, maxType         uint32
	items                    uint32
	_                        uint32
	_                        [4]uint64
}

const searchBuffer = 128 << 10

// span is the part of a tree to look through: objects of one kind of item.
type span struct {
	tree        uint64
	first, last uint64 // objectids
	kind        uint32
	since       uint64 // transaction: what did not change after it is left out, leaf by leaf
	all         bool   // every kind of item, up to kind of the last object
}

// search calls each for every item of a span, keys ascending.
func search(f *os.File, s span, each func(item)) error {
	a := &struct {
		key  searchKey
		size uint64
		buf  [searchBuffer]byte
	}{key: searchKey{
		tree: s.tree, minObjectid: s.first, maxObjectid: s.last, maxOffset: math.MaxUint64,
		minTransid: s.since, maxTransid: math.MaxUint64, minType: s.kind, maxType: s.kind,
	}}
	if s.all {
		a.key.minType = 0
	}
	for {
		a.key.items, a.size = math.MaxUint32, searchBuffer
		const head = unsafe.Sizeof(a.key) + unsafe.Sizeof(a.size)
		if err := call(f, "search", code(dirRead|dirWrite, 17, head), unsafe.Pointer(a)); err != nil {
			return err
		}
		last, n := walk(a.buf[:], a.key.items, func(it item) {
			if s.all || it.kind == s.kind { // between the first and last key lie other kinds too
				each(it)
			}
		})
		if n == 0 || !a.key.after(last) {
			return nil
		}
	}
}

// after makes the search go on behind an item; false says that it was the last
// there can be.
func (k *searchKey) after(it item) bool {
	k.minObjectid, k.minType, k.minOffset = it.objectid, it.kind, it.offset+1
	if it.offset == math.MaxUint64 {
		k.minType, k.minOffset = it.kind+1, 0
	}
	return it.objectid < k.maxObjectid || it.kind <= k.maxType
}

// walk splits a result buffer. The kernel made it, but lengths are checked.
func walk(buf []byte, items uint32, each func(item)) (last item, n int) {
	const head = 32
	for ; items > 0 && len(buf) >= head; items-- {
		it := item{
			objectid: binary.NativeEndian.Uint64(buf[8:]),
			offset:   binary.NativeEndian.Uint64(buf[16:]),
			kind:     binary.NativeEndian.Uint32(buf[24:]),
		}
		size := int(binary.NativeEndian.Uint32(buf[28:]))
		if size > len(buf)-head {
			break
		}
		it.data = buf[head : head+size]
		each(it)
		buf = buf[head+size:]
		last = it
		n++
	}
	return last, n
}

// Usage is what a quota group holds, in bytes, as of the last commit.
type Usage struct{ Referenced, Exclusive uint64 }

// Usages reads all quota groups at once.
func Usages(f *os.File) (map[QgroupID]Usage, error) {
	all := make(map[QgroupID]Usage)
	err := search(f, span{tree: quotaTree, kind: itemQgroupInfo}, func(it item) {
		if len(it.data) < 40 { // generation, rfer, rfer_cmpr, excl, excl_cmpr
			return
		}
		all[QgroupID(it.offset)] = Usage{
			Referenced: binary.LittleEndian.Uint64(it.data[8:]),
			Exclusive:  binary.LittleEndian.Uint64(it.data[24:]),
		}
	})
	return all, err
}

// Parents reads for all quota groups which groups each is a member of.
func Parents(f *os.File) (map[QgroupID][]QgroupID, error) {
	all := make(map[QgroupID][]QgroupID)
	s := span{tree: quotaTree, first: 1, last: math.MaxUint64, kind: itemQgroupRelation}
	err := search(f, s, func(it item) { // each relation is stored both ways
		if member, group := QgroupID(it.objectid), QgroupID(it.offset); member.Level() < group.Level() {
			all[member] = append(all[member], group)
		}
	})
	return all, err
}
