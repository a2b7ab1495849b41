package jail

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
)

// Jail is a jail that Start made. Its init does not run before Exec.
type Jail struct {
	Pid     int
	Start   uint64   // start time of init
	Console *os.File // master of the console's terminal
	Netns   *os.File

	pidfd  int
	slave  *os.File // kept, lest the master reads EIO when init closes its own
	sync   *os.File
	report *os.File
	prog   *host.Program
	exited chan unix.WaitStatus
}

// Start makes the jail of spec up to the point where Exec runs its init. When
// it fails nothing is left of it.
func Start(spec *Spec) (*Jail, error) {
	k := &keeper{spec: spec, made: make(chan error), attach: make(chan *os.File), attached: make(chan error), jail: &Jail{exited: make(chan unix.WaitStatus, 1)}}
	go k.run()
	for {
		select {
		case netns := <-k.attach:
			k.attached <- attach(spec, netns)
		case err := <-k.made:
			if err != nil {
				return nil, err
			}
			return k.jail, nil
		}
	}
}

func attach(spec *Spec, netns *os.File) error {
	if spec.Attach == nil {
		return nil
	}
	if err := spec.Attach(netns); err != nil {
		return fmt.Errorf("attach links: %w", err)
	}
	return nil
}

// Exec runs init and returns when the kernel has accepted it.
func (j *Jail) Exec() error {
	if _, err := j.sync.Write([]byte{1}); err != nil {
		return fmt.Errorf("wake init: %w", err)
	}
	return j.outcome()
}

// outcome reads the child's report: its end without a word is success.
func (j *Jail) outcome() error {
	var b [8]byte
	n, err := j.report.Read(b[:])
	if n > 0 {
		return j.prog.Report(b[:n])
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the report of init: %w", err)
	}
	return nil
}

// Wait returns how init ended. It may be called once.
func (j *Jail) Wait() unix.WaitStatus { return <-j.exited }

// Exited is where the end of init arrives, once.
func (j *Jail) Exited() <-chan unix.WaitStatus { return j.exited }

// Signal sends a signal to init.
func (j *Jail) Signal(sig unix.Signal) error {
	err := unix.PidfdSendSignal(j.pidfd, sig, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// Close ends the jail, waits for that, and lets go of everything. The exit
// status stays to be read by Wait.
func (j *Jail) Close() error {
	err := j.Signal(unix.SIGKILL)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	if !host.WaitGone(j.pidfd, int(10*time.Second/time.Millisecond)) {
		return fmt.Errorf("init (process %d) does not end when killed", j.Pid)
	}
	for _, f := range []*os.File{j.Console, j.slave, j.Netns, j.sync, j.report} {
		if f != nil {
			f.Close()
		}
	}
	unix.Close(j.pidfd)
	return err
}

// keeper is the locked thread.
type keeper struct {
	spec     *Spec
	jail     *Jail
	made     chan error
	attach   chan *os.File
	attached chan error
}

// run never unlocks its thread: the thread's namespaces are not those of the
// others, so the runtime must end it.
func (k *keeper) run() {
	runtime.LockOSThread()
	if os.Getpid() == unix.Gettid() {
		// The main thread's namespaces stand for the whole process.
		go k.run()
		select {}
	}
	err := k.build()
	k.made <- err
	if err != nil {
		return
	}
	var st unix.WaitStatus
	for {
		_, err := unix.Wait4(k.jail.Pid, &st, 0, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	k.jail.exited <- st
}
