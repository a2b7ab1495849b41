package target

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// launch is a process that stands before its first own instruction. All that
// concerns it is done by one thread, since the kernel lets only the thread that
// traces a process do it.
type launch struct {
	order chan bool // true: go on; false: it is dead
	done  chan error
	gone  bool // the order was given
}

func (l *launch) resume() error { return l.end(true) }

// abandon ends the thread of a process that was never let go.
func (l *launch) abandon() error { return l.end(false) }

func (l *launch) end(goOn bool) error {
	if l.gone {
		return nil
	}
	l.gone = true
	l.order <- goOn
	return <-l.done
}

// Start starts a program and holds it where its dynamic linker has loaded all
// it needs and main is still to come.
func Start(argv []string, stdin, stdout, stderr *os.File) (*Process, error) {
	if len(argv) == 0 {
		return nil, errors.New("no command was given")
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return nil, fmt.Errorf("failed to execute %s: %w", argv[0], errors.Unwrap(err))
	}
	l := &launch{order: make(chan bool), done: make(chan error, 1)}
	started := make(chan error)
	var pid int
	go func() {
		runtime.LockOSThread() // for good: the thread ends with this function
		attr := &os.ProcAttr{Files: []*os.File{stdin, stdout, stderr}, Sys: &unix.SysProcAttr{Ptrace: true}}
		p, err := os.StartProcess(path, argv, attr)
		if err != nil {
			started <- fmt.Errorf("failed to execute %s: %w", argv[0], err)
			return
		}
		pid = p.Pid
		// The descriptor that the os package keeps would see the end too.
		err = errors.Join(hold(pid), p.Release())
		started <- err
		if err != nil {
			return
		}
		if <-l.order {
			l.done <- release(pid)
		} else {
			l.done <- nil
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	touch(pid)
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("watch %s: %w", argv[0], err), l.abandon())
	}
	return watch(&Process{Pid: pid, pidfd: fd, start: l})
}

// hold brings a process from its exec to the entry point of its program.
func hold(pid int) error {
	if err := stopped(pid); err != nil {
		return fmt.Errorf("start the command: %w", err)
	}
	// Should this process die, so shall one that nobody could let go.
	if err := unix.PtraceSetOptions(pid, unix.PTRACE_O_EXITKILL); err != nil {
		return fmt.Errorf("hold the command: %w", err)
	}
	entry, err := entryPoint(pid)
	if err != nil {
		return fmt.Errorf("find where the command begins: %w", err)
	}
	old := make([]byte, len(trap))
	if _, err := unix.PtracePeekText(pid, uintptr(entry), old); err != nil {
		return fmt.Errorf("hold the command: %w", err)
	}
	if _, err := unix.PtracePokeText(pid, uintptr(entry), []byte(trap)); err != nil {
		return fmt.Errorf("hold the command: %w", err)
	}
	if err := unix.PtraceCont(pid, 0); err != nil {
		return fmt.Errorf("hold the command: %w", err)
	}
	if err := stopped(pid); err != nil {
		return fmt.Errorf("start the command: %w", err)
	}
	if _, err := unix.PtracePokeText(pid, uintptr(entry), old); err != nil {
		return fmt.Errorf("hold the command: %w", err)
	}
	return setPC(pid, entry)
}

// stopped waits until the process stands at a trap.
func stopped(pid int) error {
	for {
		var status unix.WaitStatus
		_, err := unix.Wait4(pid, &status, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		case status.Exited() || status.Signaled():
			return fmt.Errorf("it ended before its main began")
		case status.Stopped() && status.StopSignal() == unix.SIGTRAP:
			return nil
		case status.Stopped():
			if err := unix.PtraceCont(pid, int(status.StopSignal())); err != nil {
				return err
			}
		}
	}
}

func release(pid int) error {
	if err := unix.PtraceDetach(pid); err != nil {
		return fmt.Errorf("let the command go: %w", err)
	}
	return nil
}

// entryPoint is what the kernel told the process of its program.
func entryPoint(pid int) (uint64, error) {
	const atEntry = 9
	aux, err := os.ReadFile(fmt.Sprintf("/proc/%d/auxv", pid))
	if err != nil {
		return 0, err
	}
	for ; len(aux) >= 16; aux = aux[16:] {
		if binary.NativeEndian.Uint64(aux) == atEntry {
			return binary.NativeEndian.Uint64(aux[8:]), nil
		}
	}
	return 0, errors.New("it has no entry point")
}
