package zstream

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// nativeReader reads the encoding that is a little-endian kernel's memory.
type nativeReader struct {
	p   []byte
	err error
}

func (d *nativeReader) take(n uint64) []byte {
	if d.err != nil || n > uint64(len(d.p)) {
		d.err = errNvlist
		return make([]byte, 8)
	}
	p := d.p[:n]
	d.p = d.p[n:]
	return p
}

func (d *nativeReader) u32() uint32 { return binary.LittleEndian.Uint32(d.take(4)) }
func (d *nativeReader) u64() uint64 { return binary.LittleEndian.Uint64(d.take(8)) }

// nativePair is the fixed part of a pair, its size field included.
const nativePair = 16

func (d *nativeReader) list(depth int) Nvlist {
	if depth > nvDepth {
		d.err = errNvlist
	}
	d.take(8) // version and flags
	list := Nvlist{}
	for d.err == nil {
		size := d.u32()
		if size == 0 {
			break
		}
		if size < nativePair {
			d.err = errNvlist
			break
		}
		pair := nativeReader{p: d.take(uint64(size) - 4), err: d.err}
		d.pair(list, &pair, depth)
	}
	return list
}

// pair reads one pair; the content of nested lists follows it in d.
func (d *nativeReader) pair(list Nvlist, pair *nativeReader, depth int) {
	head := pair.take(nativePair - 4)
	if pair.err != nil {
		d.err = pair.err
		return
	}
	nameSize := uint64(binary.LittleEndian.Uint16(head))
	n, kind := binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[8:])
	name := cString(pair.take(roundUp8(nameSize)))
	switch kind {
	case nvList:
		list[name] = d.list(depth + 1)
	case nvListArray:
		list[name] = repeat(n, &d.err, func() Nvlist { return d.list(depth + 1) })
	default:
		list[name] = pair.value(kind, n)
	}
	if d.err == nil {
		d.err = pair.err
	}
}

func (d *nativeReader) value(kind, n uint32) any {
	switch width := nvWidth(kind); {
	case kind == nvBoolean:
		return true
	case kind == nvBooleanValue:
		return d.u32() != 0
	case width > 0:
		var wide [8]byte
		copy(wide[:], d.take(uint64(width))[:width])
		return binary.LittleEndian.Uint64(wide[:])
	case kind == nvString:
		return cString(d.p)
	case kind == nvByteArray:
		return d.take(uint64(n))
	case kind == nvUint64Array:
		return repeat(n, &d.err, d.u64)
	case kind == nvStringArray:
		d.take(uint64(n) * 8) // where the sender had its pointers
		return repeat(n, &d.err, d.nextString)
	}
	d.err = fmt.Errorf("%w: value type %d is not known", errNvlist, kind)
	return nil
}

func (d *nativeReader) nextString() string {
	i := bytes.IndexByte(d.p, 0)
	if i < 0 {
		d.err = errNvlist
		return ""
	}
	return cString(d.take(uint64(i) + 1))
}

// cString is p up to its first NUL.
func cString(p []byte) string {
	s, _, _ := bytes.Cut(p, []byte{0})
	return string(s)
}
