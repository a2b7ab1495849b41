package ztree

import (
	"bytes"
	"encoding/binary"
)

// eachDirent splits what getdents64(2) returned.
func eachDirent(buf []byte, fn func(inode uint64, name string)) {
	const head = 19 // inode, offset, length, type
	for len(buf) >= head {
		size := int(binary.NativeEndian.Uint16(buf[16:]))
		if size < head || size > len(buf) {
			return
		}
		name, _, _ := bytes.Cut(buf[head:size], []byte{0})
		if string(name) != "." && string(name) != ".." {
			fn(binary.NativeEndian.Uint64(buf), string(name))
		}
		buf = buf[size:]
	}
}
