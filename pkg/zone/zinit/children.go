package zinit

import (
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// children are the processes that this init started itself, among the many
// that it reaps.
type children struct {
	mu    sync.Mutex
	ended map[int]chan unix.WaitStatus
}

// start runs a program; its end comes on the channel.
func (c *children) start(path string, argv []string, attr *syscall.ProcAttr) (<-chan unix.WaitStatus, error) {
	c.mu.Lock() // so that it is not reaped before it is known
	defer c.mu.Unlock()
	pid, err := syscall.ForkExec(path, argv, attr)
	if err != nil {
		return nil, err
	}
	end := make(chan unix.WaitStatus, 1)
	if c.ended == nil {
		c.ended = map[int]chan unix.WaitStatus{}
	}
	c.ended[pid] = end
	return end, nil
}

// reap takes all who have ended.
func (c *children) reap() {
	for {
		c.mu.Lock()
		var st unix.WaitStatus
		pid, err := unix.Wait4(-1, &st, unix.WNOHANG, nil)
		end := c.ended[pid]
		delete(c.ended, pid)
		c.mu.Unlock()
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if end != nil {
			end <- st
		}
	}
}
