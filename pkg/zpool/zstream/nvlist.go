package zstream

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Nvlist is a name-value list as ZFS packs them. Values are bool, uint64,
// string, []byte, []uint64, []string, Nvlist or []Nvlist.
type Nvlist map[string]any

// nvDepth bounds nesting: real lists have five levels.
const nvDepth = 16

var errNvlist = errors.New("the name-value list is corrupt")

// Types of a pair that are read.
const (
	nvBoolean      = 1
	nvByte         = 2
	nvUint64       = 8
	nvString       = 9
	nvByteArray    = 10
	nvUint64Array  = 16
	nvStringArray  = 17
	nvHrtime       = 18
	nvList         = 19
	nvListArray    = 20
	nvBooleanValue = 21
	nvUint8        = 23
)

// nvWidth is the width of a scalar's type, 0 for all others.
func nvWidth(kind uint32) int {
	switch kind {
	case nvByte, 22, nvUint8:
		return 1
	case 3, 4:
		return 2
	case 5, 6, nvBooleanValue:
		return 4
	case 7, 8, nvHrtime:
		return 8
	}
	return 0
}

// ParseNvlist reads a packed list, in either of the two encodings.
func ParseNvlist(p []byte) (Nvlist, error) {
	if len(p) < 4 {
		return nil, errNvlist
	}
	switch {
	case p[0] == 1:
		d := xdrReader{p: p[4:]}
		list := d.list(0)
		return list, d.err
	case p[0] == 0 && p[1] == 1:
		d := nativeReader{p: p[4:]}
		list := d.list(0)
		return list, d.err
	}
	return nil, fmt.Errorf("%w: encoding %d is not known", errNvlist, p[0])
}

// xdrReader reads the portable encoding: big-endian, everything padded to 4.
// After an error it reads zeros, so that only the end needs to look at it.
type xdrReader struct {
	p   []byte
	err error
}

func (d *xdrReader) take(n uint64) []byte {
	padded := (n + 3) &^ 3
	if d.err != nil || n > uint64(len(d.p)) || padded > uint64(len(d.p)) {
		d.err = errNvlist
		return nil
	}
	p := d.p[:n]
	d.p = d.p[padded:]
	return p
}

func (d *xdrReader) u32() uint32 {
	if p := d.take(4); p != nil {
		return binary.BigEndian.Uint32(p)
	}
	return 0
}

func (d *xdrReader) u64() uint64 {
	if p := d.take(8); p != nil {
		return binary.BigEndian.Uint64(p)
	}
	return 0
}

func (d *xdrReader) list(depth int) Nvlist {
	if depth > nvDepth {
		d.err = errNvlist
	}
	d.take(8) // version and flags
	list := Nvlist{}
	for d.err == nil {
		size, decoded := d.u32(), d.u32()
		if size == 0 && decoded == 0 {
			break
		}
		if size < 8 || uint64(size-8) > uint64(len(d.p)) {
			d.err = errNvlist
			break
		}
		pair := xdrReader{p: d.p[:size-8]}
		d.p = d.p[size-8:]
		name := string(pair.take(uint64(pair.u32())))
		list[name] = pair.value(depth)
		d.err = pair.err
	}
	return list
}

func (d *xdrReader) value(depth int) any {
	kind, n := d.u32(), d.u32()
	if uint64(n) > uint64(len(d.p))+1 {
		d.err = errNvlist
		return nil
	}
	switch {
	case kind == nvBoolean:
		return true
	case kind == nvBooleanValue:
		return d.u32() != 0
	case nvWidth(kind) == 8:
		return d.u64()
	case nvWidth(kind) > 0:
		return uint64(d.u32())
	case kind == nvString:
		return string(d.take(uint64(d.u32())))
	case kind == nvByteArray:
		return d.take(uint64(n))
	case kind == nvUint64Array:
		d.u32() // the count again
		return repeat(n, &d.err, d.u64)
	case kind == nvStringArray:
		return repeat(n, &d.err, func() string { return string(d.take(uint64(d.u32()))) })
	case kind == nvList:
		return d.list(depth + 1)
	case kind == nvListArray:
		return repeat(n, &d.err, func() Nvlist { return d.list(depth + 1) })
	}
	d.err = fmt.Errorf("%w: value type %d is not known", errNvlist, kind)
	return nil
}

// repeat reads n values, or fewer where one fails.
func repeat[T any](n uint32, err *error, read func() T) []T {
	var all []T
	for range n {
		if *err != nil {
			break
		}
		all = append(all, read())
	}
	return all
}
