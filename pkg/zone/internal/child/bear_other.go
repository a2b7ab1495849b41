//go:build !amd64

package child

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// bear makes stage two, in a copy of this memory.
//
//go:nosplit
//go:norace
func (p *Plan) bear() uintptr {
	pid := p.one.must(StepFork, unix.SYS_CLONE, unix.CLONE_PIDFD|uintptr(unix.SIGCHLD), 0, uintptr(unsafe.Pointer(&p.pidfd)))
	if pid == 0 {
		p.stageTwo()
	}
	return pid
}
