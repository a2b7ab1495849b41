package host

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Run runs p in a child process to its end and returns the step that failed. p
// must end by itself (SYS_EXIT_GROUP). It is for system calls that change the
// thread that makes them, or that only a new process can make.
func (p *Program) Run() error {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	report := os.NewFile(uintptr(pipe[0]), "report")
	defer report.Close()
	child, err := Fork(CloneOptions{Report: pipe[1]}, p)
	unix.Close(pipe[1])
	if err != nil {
		return err
	}
	defer unix.Close(child.Pidfd)
	var b [8]byte
	n, err := report.Read(b[:])
	if errors.Is(err, io.EOF) {
		err = nil
	}
	st, werr := WaitPid(child.Pid)
	p.Keep()
	switch {
	case n > 0:
		return p.Report(b[:n])
	case err == nil && werr == nil && st.Signaled():
		return errors.New("the child ended by " + st.Signal().String())
	}
	return errors.Join(err, werr)
}

// WaitPid waits for a child's end, whatever signals come meanwhile.
func WaitPid(pid int) (unix.WaitStatus, error) {
	var st unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &st, 0, nil)
		if !errors.Is(err, unix.EINTR) {
			return st, err
		}
	}
}
