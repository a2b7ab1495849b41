package keeper

import (
	"bytes"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Where the program lies in memory. The assembly knows the table's address and
// layout.
const (
	base     = 0x400000
	codeAt   = 0x100
	tableAt  = 0x800
	pageSize = 0x1000
	maxCode  = tableAt - codeAt
)

// codeEnd is the text behind the last instruction.
const codeEnd = "smartbox"

// table is what the assembly reads, at base+tableAt.
type table struct {
	count    uint64 // of awaited
	timed    uint64 // not 0: for duration at most
	duration unix.Timespec
	awaited  [8]unix.PollFd // the first is Term
	name     [16]byte
	_        [8]byte // a path, the empty one
}

// awaited are the descriptors that wake a zoneadmd. The first ends it.
var awaited = [...]int32{Term, Init, Master, Orders, Console, Metadata}

// Never is the time to sleep when nothing but an event shall end it.
const Never = time.Duration(-1)

// image is the program: an ELF file of one page. It wakes after most, unless
// that is negative.
func image(most time.Duration) []byte {
	t := table{count: uint64(len(awaited))}
	if most >= 0 {
		t.timed, t.duration = 1, unix.NsecToTimespec(most.Nanoseconds())
	}
	for i, fd := range awaited {
		t.awaited[i] = unix.PollFd{Fd: fd, Events: unix.POLLIN}
	}
	copy(t.name[:], "zoneadmd")

	var b bytes.Buffer
	writeHeaders(&b)
	b.Write(make([]byte, codeAt-b.Len()))
	b.Write(machineCode())
	b.Write(make([]byte, tableAt-b.Len()))
	put(&b, &t)
	b.Write(make([]byte, pageSize-b.Len()))
	return b.Bytes()
}

// machineCode is the body of the function code.
func machineCode() []byte {
	all := unsafe.Slice((*byte)(codePC()), maxCode)
	body, _, ok := bytes.Cut(all, []byte(codeEnd))
	if !ok {
		panic(fmt.Sprintf("keeper: its code has more than %d bytes", maxCode))
	}
	return body
}
