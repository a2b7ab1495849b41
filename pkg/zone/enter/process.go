package enter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/pkg/zone/internal/child"
)

// Process is a command that runs in a zone.
type Process struct {
	Pid    int      // as the host counts
	Master *os.File // of its pty, nil without; the caller closes it
	pidfd  int
	keeper keeper
}

// keeper is stage one: our child, and the command's parent.
type keeper struct{ pid, pidfd int }

// StepError says what could not be done on the way into the zone.
type StepError struct {
	step  byte
	Errno syscall.Errno
}

var stepNames = [...]string{
	child.StepCgroup:   "join the zone's cgroups",
	child.StepLimits:   "take on the limits of the zone",
	child.StepStreams:  "arrange the streams",
	child.StepSetns:    "enter the zone's namespaces",
	child.StepRoot:     "become the zone's root",
	child.StepFork:     "make a process in the zone",
	child.StepParent:   "talk to the parent",
	child.StepBounding: "drop capabilities",
	child.StepFilter:   "take on the zone's system call filter",
	child.StepPTY:      "open a terminal of the zone",
	child.StepUser:     "become the user",
	child.StepDir:      "enter the working directory",
	child.StepExec:     "execute the command",
}

func (e *StepError) Error() string {
	what := "enter"
	if int(e.step) < len(stepNames) {
		what = stepNames[e.step]
	}
	if e.step == child.StepFork && e.Errno == unix.EAGAIN {
		return what + ": the zone has as many processes as it may"
	}
	return what + ": " + e.Errno.Error()
}

// Unwrap returns the errno.
func (e *StepError) Unwrap() error { return e.Errno }

// NotExecuted reports whether all went well but the command itself cannot be
// executed.
func (e *StepError) NotExecuted() bool { return e.step == child.StepExec }

// Start runs c in t and returns when the command is being executed. When ctx
// ends before, the attempt is given up.
func Start(ctx context.Context, t Target, c Command) (*Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	initfd, l, err := t.open()
	if err != nil {
		return nil, err
	}
	defer unix.Close(initfd)
	groups, err := openCgroups(t.Cgroups)
	if err != nil {
		return nil, err
	}
	defer groups.close()
	attempt := func() (*Process, error) {
		p, err := newPlan(c, l, t.Filter)
		if err != nil {
			return nil, err
		}
		p.Init, p.Tasks = initfd, groups.v1
		return p.start(ctx, groups.v2)
	}
	p, err := attempt()
	for try := 0; groups.isInner(err) && try < leafTries; try++ {
		if err := groups.descend(try); err != nil {
			return nil, err
		}
		p, err = attempt()
	}
	return p, err
}

// SignalGroup sends a signal to the process and to those in its process group.
func (p *Process) SignalGroup(sig syscall.Signal) error {
	err := unix.PidfdSendSignal(p.pidfd, sig, nil, unix.PIDFD_SIGNAL_PROCESS_GROUP)
	if errors.Is(err, unix.EINVAL) { // Linux before 6.9
		if err = unix.PidfdSendSignal(p.pidfd, 0, nil, 0); err == nil {
			err = unix.Kill(-p.Pid, sig)
		}
	}
	if errors.Is(err, unix.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// Fd is a descriptor that polls readable once Wait will not block.
func (p *Process) Fd() int { return p.keeper.pidfd }

// Wait waits for the end of the process and returns its exit code, 128+n when
// signal n ended it. It must be called once.
func (p *Process) Wait() (int, error) {
	status, err := host.WaitPid(p.keeper.pid)
	unix.Close(p.keeper.pidfd)
	unix.Close(p.pidfd)
	if err != nil {
		return -1, fmt.Errorf("wait for the command: %w", err)
	}
	if status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return status.ExitStatus(), nil
}
