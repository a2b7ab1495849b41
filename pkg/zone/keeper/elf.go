package keeper

import (
	"bytes"
	"runtime"
	"unsafe"
)

// header is the ELF header of a 64-bit program.
type header struct {
	ident           [16]byte
	kind, machine   uint16
	version         uint32
	entry, segments uint64
	_               uint64 // sections: none
	_               uint32 // flags
	size            uint16
	segmentSize     uint16
	segmentCount    uint16
	_               [3]uint16 // sections
}

// segment is a program header.
type segment struct {
	kind, flags       uint32
	_                 uint64 // offset: the file's begin
	address, physical uint64
	inFile, inMemory  uint64
	align             uint64
}

// Values of ELF.
const (
	executable = 2
	load       = 1
	gnuStack   = 0x6474e551
	canExecute = 1
	canWrite   = 2
	canRead    = 4
)

// machines are the processors that there is code for.
var machines = map[string]uint16{"amd64": 62, "arm64": 183}

// writeHeaders writes the ELF header and those of two segments: one for code and
// table, one that says that the stack holds no code.
func writeHeaders(b *bytes.Buffer) {
	put(b, &header{
		ident: [16]byte{0x7f, 'E', 'L', 'F', 2, 1, 1}, // 64 bits, little-endian, version 1
		kind:  executable, machine: machines[runtime.GOARCH], version: 1, entry: base + codeAt,
		segments: uint64(unsafe.Sizeof(header{})), size: uint16(unsafe.Sizeof(header{})),
		segmentSize: uint16(unsafe.Sizeof(segment{})), segmentCount: 2,
	})
	put(b, &segment{
		kind: load, flags: canRead | canExecute, address: base, physical: base,
		inFile: pageSize, inMemory: pageSize, align: 0x10000,
	})
	put(b, &segment{kind: gnuStack, flags: canRead | canWrite, align: 16})
}

// put writes what the kernel or the assembly takes as it is.
func put[T any](b *bytes.Buffer, v *T) {
	b.Write(unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v)))
}
