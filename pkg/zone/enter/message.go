package enter

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone/internal/child"
)

// msgEnd is what of no message: both children have closed their sockets.
const msgEnd = 0

// receive waits for the next message and the descriptor that it carries, -1 for
// none.
func receive(listener int) (m child.Message, fd int, err error) {
	data := unsafe.Slice((*byte)(unsafe.Pointer(&m)), child.MessageSize)
	control := make([]byte, unix.CmsgSpace(4))
	for {
		n, got, _, _, err := unix.Recvmsg(listener, data, control, unix.MSG_CMSG_CLOEXEC)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return m, -1, fmt.Errorf("control socket: %w", err)
		case n == 0:
			return child.Message{}, -1, nil
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
