package child

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// voice is what one of the children reports with.
type voice struct {
	control uintptr // the socket
	message Message
	header  unix.Msghdr
	iov     unix.Iovec
	rights  rights
}

// rights is a control message that carries one descriptor.
type rights struct {
	unix.Cmsghdr
	fd int32
	_  int32
}

//go:nosplit
//go:norace
func (v *voice) prepare(control uintptr) {
	v.control = control
	v.iov.Base, v.iov.Len = (*byte)(unsafe.Pointer(&v.message)), uint64(MessageSize)
	v.rights.Level, v.rights.Type, v.rights.Len = unix.SOL_SOCKET, unix.SCM_RIGHTS, unix.SizeofCmsghdr+4
	v.header.Iov, v.header.Iovlen = &v.iov, 1
	v.header.Control, v.header.Controllen = (*byte)(unsafe.Pointer(&v.rights)), uint64(unsafe.Sizeof(v.rights))
}

// must makes a system call without which the child cannot go on.
//
//go:nosplit
//go:norace
func (v *voice) must(step, nr, a, b, c uintptr) uintptr {
	r, errno := call(nr, a, b, c)
	if errno != 0 {
		v.die(step, errno)
	}
	return r
}

//go:nosplit
//go:norace
func (v *voice) die(step uintptr, errno syscall.Errno) {
	v.message = Message{What: Failed, Step: byte(step), Number: uint32(errno)}
	call(unix.SYS_WRITE, v.control, uintptr(unsafe.Pointer(&v.message)), MessageSize)
	exit(127)
}

// send sends a descriptor with a message.
//
//go:nosplit
//go:norace
func (v *voice) send(what byte, number uint32, fd int32) {
	v.message = Message{What: what, Number: number}
	v.rights.fd = fd
	v.must(StepParent, unix.SYS_SENDMSG, v.control, uintptr(unsafe.Pointer(&v.header)), 0)
}
