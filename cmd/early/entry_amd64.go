package early

import (
	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone/door"
)

// What entry_amd64.s gives to code that runs before the Go runtime.
var (
	stack  [64 << 10]byte
	g      [64]uintptr // the first fields of the runtime's g
	thread [2]uintptr
	kernel *uintptr // the stack that execve(2) made
)

// All of it is the assembler's.
var _ = [...]any{Enter, &stack, &g, &thread}

// faultPC is where a fault goes on.
func faultPC() uintptr

// plant makes Enter fault; a test sets it in linking.
var plant string

// Enter is called by the program's entry. It does not return when all has been
// done; when it returns, nothing has.
func Enter() {
	if *kernel == 0 {
		return
	}
	if base(ofC(arguments(kernel)[0])) == "zlogin" {
		door.Enter(kernel)
		return
	}
	if !here.understand(kernel) {
		return
	}
	catch(faultPC())
	if plant != "" {
		*(*byte)(nil) = 0
	}
	here.run()
	leave()
}

// leave makes the process what it was, for the runtime to begin in.
func leave() {
	catch(0) // SIG_DFL
	call(unix.SYS_CLOSE_RANGE, 3, 1<<32-1, 0, 0, 0)
}

const (
	saRestorer = 0x04000000
	saNoDefer  = 0x40000000
)

// catch sets the handler of SIGSEGV.
func catch(handler uintptr) {
	here.action = action{handler: handler, flags: saRestorer | saNoDefer, restorer: handler}
	call(unix.SYS_RT_SIGACTION, uintptr(unix.SIGSEGV), address(&here.action), 0, 8, 0)
}
