package jail

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/pkg/zone/keeper"
)

// Jail is a jail that Start made. Its init does not run before Exec.
type Jail struct {
	Pid     int
	Start   uint64   // start time of init
	Keeper  int      // pid of its keeper
	Console *os.File // master of the console's terminal
	Netns   *os.File

	pidfd    int
	keeperfd int
	parent   *parent  // until it is the keeper
	slave    *os.File // kept, lest the master reads EIO when init closes its own
	sync     *os.File
	report   *os.File
	prog     *host.Program
	exited   chan unix.WaitStatus // of an adopted one
}

// Start makes the jail of spec up to the point where Exec runs its init. When
// it fails nothing is left of it.
func Start(spec *Spec) (*Jail, error) {
	k := &builder{spec: spec, made: make(chan error), attach: make(chan *os.File), attached: make(chan error), jail: &Jail{pidfd: -1}}
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

// HandOver leaves the jail to its keeper, which is a process of its own from
// then on. The jail is not ours any more, unless there is an error.
func (j *Jail) HandOver() error {
	if err := j.parent.become(j.Console, j.slave, j.Netns); err != nil {
		return fmt.Errorf("hand over to the keeper: %w", err)
	}
	if j.parent.spec.Ready {
		pin(j.prog) // init still runs it, in this memory
	}
	go host.WaitPid(j.Keeper) //nolint:errcheck // it outlives short commands; long-lived callers must reap it
	j.closeFiles()
	return nil
}

// pinned are the programs of the inits that wait to be run.
var (
	pinnedLock sync.Mutex
	pinned     []*host.Program
)

func pin(p *host.Program) {
	pinnedLock.Lock()
	defer pinnedLock.Unlock()
	pinned = append(pinned, p)
}

// Adopt is the jail of this process's child pid, whose files are where a keeper
// has them. Its end comes on Exited.
func Adopt(pid int, start uint64, ready bool) *Jail {
	j := &Jail{
		Pid: pid, Start: start, Keeper: os.Getpid(), pidfd: keeper.Init,
		Console: os.NewFile(keeper.Master, "console"), slave: os.NewFile(keeper.Slave, "console"),
		Netns: os.NewFile(keeper.Netns, "netns"), exited: make(chan unix.WaitStatus, 1),
	}
	if ready {
		j.sync, j.report = os.NewFile(keeper.Sync, "sync"), os.NewFile(keeper.Report, "report")
	}
	go func() {
		st, err := host.WaitPid(pid)
		if err != nil {
			st = unix.WaitStatus(unix.SIGKILL) // it was never ours to know
		}
		j.exited <- st
	}()
	return j
}

// Exited is where the end of an adopted jail's init arrives, once.
func (j *Jail) Exited() <-chan unix.WaitStatus { return j.exited }

// Signal sends a signal to init.
func (j *Jail) Signal(sig unix.Signal) error {
	err := unix.PidfdSendSignal(j.pidfd, sig, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// Close ends the jail, waits for that, and lets go of everything.
func (j *Jail) Close() error {
	var err error
	if j.pidfd >= 0 {
		err = j.kill()
	}
	j.closeFiles()
	if j.parent != nil {
		_, rerr := host.WaitPid(j.Keeper) // the end of its socket ends it
		err = errors.Join(err, rerr)
	}
	return err
}

func (j *Jail) kill() error {
	err := j.Signal(unix.SIGKILL)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	if !host.WaitGone(j.pidfd, int(10*time.Second/time.Millisecond)) {
		return fmt.Errorf("init (process %d) does not end when killed", j.Pid)
	}
	return err
}

func (j *Jail) closeFiles() {
	for _, f := range []*os.File{j.Console, j.slave, j.Netns, j.sync, j.report} {
		if f != nil {
			f.Close()
		}
	}
	if j.pidfd >= 0 {
		unix.Close(j.pidfd)
	}
	if j.parent != nil {
		unix.Close(j.parent.ours)
		unix.Close(j.keeperfd)
	}
}

// builder is the thread that builds.
type builder struct {
	spec     *Spec
	jail     *Jail
	made     chan error
	attach   chan *os.File
	attached chan error
}

// run never unlocks its thread: the thread's namespaces are not those of the
// others, so the runtime must end it.
func (k *builder) run() {
	runtime.LockOSThread()
	if os.Getpid() == unix.Gettid() {
		// The main thread's namespaces stand for the whole process.
		go k.run()
		select {}
	}
	k.made <- k.build()
}
