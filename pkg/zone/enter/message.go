package enter

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// message is one report of the children, as it lies in their memory.
type message struct {
	what   byte
	step   byte
	_      [2]byte
	number uint32
}

const messageSize = unsafe.Sizeof(message{})

// msgEnd is what of no message: both children have closed their sockets.
const msgEnd = 0

// receive waits for the next message and the descriptor that it carries, -1 for
// none.
func receive(listener int) (m message, fd int, err error) {
	data := unsafe.Slice((*byte)(unsafe.Pointer(&m)), messageSize)
	control := make([]byte, unix.CmsgSpace(4))
	for {
		n, got, _, _, err := unix.Recvmsg(listener, data, control, unix.MSG_CMSG_CLOEXEC)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return m, -1, fmt.Errorf("control socket: %w", err)
		case n == 0:
			return message{}, -1, nil
		case got == 0:
			return m, -1, nil
		}
		fd, err := carried(control[:got])
		return m, fd, err
	}
}

func carried(control []byte) (int, error) {
	parts, err := unix.ParseSocketControlMessage(control)
	if err != nil || len(parts) != 1 {
		return -1, fmt.Errorf("control socket: malformed message: %w", err)
	}
	fds, err := unix.ParseUnixRights(&parts[0])
	if err != nil || len(fds) != 1 {
		return -1, fmt.Errorf("control socket: malformed message: %w", err)
	}
	return fds[0], nil
}
