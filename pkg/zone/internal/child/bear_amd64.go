package child

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

//go:noescape
func clone(flags, stack uintptr, pidfd *int32, p *Plan) (r uintptr)

// stageTwo is for clone, which can call functions only.
//
//go:nosplit
//go:norace
func stageTwo(p *Plan) { p.stageTwo() }

var _ = stageTwo // of the assembler's

// bear makes stage two, in this memory until it executes the command: copying it
// would cost more than all that stage two does.
//
//go:nosplit
//go:norace
func (p *Plan) bear() uintptr {
	top := uintptr(unsafe.Pointer(&p.stack)) + stackSize
	r := clone(unix.CLONE_VM|unix.CLONE_PIDFD|uintptr(unix.SIGCHLD), top&^15, &p.pidfd, p)
	if r > ^uintptr(4095) {
		p.one.die(StepFork, syscall.Errno(-r))
	}
	return r
}
