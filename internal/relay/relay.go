// Package relay moves bytes between descriptors, several flows at once on one
// thread: between pipes without copying them through this process, and never
// blocked by one flow while another could go on. It knows nothing of who is at
// either end.
//
// Run is for Go programs. A Loop needs no Go runtime: it allocates nothing and
// makes its system calls by a function that it is given.
package relay

import (
	"fmt"
	"syscall"
	"time"
)

// Linger is how long output is awaited after the end of whoever made it, from
// the last byte on: others may hold the pipe open for ever.
const Linger = 500 * time.Millisecond

// Run moves the flows' bytes until done polls readable and all outputs have
// ended or fallen silent. Inputs are not waited for. It closes the descriptors
// that the flows own.
func Run(done int, flows []*Flow) error {
	defer func() {
		for _, f := range flows {
			f.Close()
		}
	}()
	l := newLoop()
	l.Done, l.Wake, l.Call = done, -1, syscall.Syscall6
	l.Memory = func() []byte { return make([]byte, Chunk) }
	if len(flows) > len(l.Flows) {
		return fmt.Errorf("relay of %d flows: at most %d are possible", len(flows), len(l.Flows))
	}
	copy(l.Flows[:], flows)
	for {
		over, errno := l.Turn()
		if errno != 0 {
			return fmt.Errorf("wait for input or output: %w", errno)
		}
		if over {
			return nil
		}
	}
}

// newLoop makes a loop that does not move, as the stack of a goroutine may.
//
//go:noinline
func newLoop() *Loop { return new(Loop) }
