package super

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/strictjson"
	"github.com/smartbox-os/smartbox/pkg/vnic"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/cgroup"
	"github.com/smartbox-os/smartbox/pkg/zone/console"
	"github.com/smartbox-os/smartbox/pkg/zone/jail"
	"github.com/smartbox-os/smartbox/pkg/zone/keeper"
)

// supervisor is one zoneadmd, or a command on its way to make one. Everything
// but the servers of console, metadata and orders happens on the goroutine of
// Run or Raise.
type supervisor struct {
	zone.Supervisor
	root  paths.Root
	log   *slog.Logger
	zones *zone.Host
	links *vnic.Host
	dir   string
	doors doors

	config *zone.Config
	run    zone.RunState
	groups *cgroup.Set
	jail   *jail.Jail
	left   bool // something could not be removed
	handed bool // the zone is another process's

	// Of a zoneadmd that is awake:
	note      note
	console   *console.Server
	meta, ctl *net.UnixListener
	accepting sync.WaitGroup
	busy      activity
	orders    chan order
	answering sync.WaitGroup
	ended     chan struct{}    // closed when no order is taken any more
	pending   []order          // answered when init has ended
	intent    intent           // why it is going to end
	deadline  <-chan time.Time // when it is killed
	leases    *leases
}

// order is a request that waits for its answer.
type order struct {
	zone.Request
	answer chan zone.Response
}

// Run is the waking life of a zoneadmd. It must be called on the main goroutine,
// bound to the main thread since packages were initialised.
func Run(ctx context.Context, root paths.Root, log *slog.Logger, sup zone.Supervisor) error {
	runtime.LockOSThread()
	unix.Umask(0o022)
	if err := nameProcess(); err != nil {
		return err
	}
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("keep descriptors from children: %w", err)
	}
	s := newSupervisor(root, log, sup)
	if err := s.reopenLog(); err != nil {
		log.Warn("zoneadmd's log", "error", err)
	}
	if err := s.wake(); err != nil {
		log.Error("zoneadmd does not wake", "error", err)
		return err
	}
	err := s.attend(ctx)
	if !s.handed {
		s.console.Close()
		err = errors.Join(err, s.leave(!s.left))
	}
	close(s.ended)
	s.answer(err)
	s.answering.Wait()
	return err
}

// nameProcess is for ps: executed by descriptor, it would be called by a number.
func nameProcess() error {
	name, err := unix.BytePtrFromString("zoneadmd")
	if err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(name)), 0, 0, 0)
}

// reopenLog goes on in a new log when the old one is large.
func (s *supervisor) reopenLog() error {
	f, err := s.zones.OpenLog(s.Zone)
	if err != nil {
		return err
	}
	defer f.Close()
	return errors.Join(unix.Dup3(int(f.Fd()), 1, 0), unix.Dup3(int(f.Fd()), 2, 0))
}

// wake finds out again what it knew before it slept.
func (s *supervisor) wake() error {
	data, err := os.ReadFile(filepath.Join(s.dir, "state.json"))
	if err != nil {
		return err
	}
	if err := strictjson.Unmarshal(data, &s.run); err != nil {
		return fmt.Errorf("state.json: %w", err)
	}
	self, err := process(os.Getpid())
	if err != nil {
		return err
	}
	if s.run.Supervisor != self {
		return fmt.Errorf("the zoneadmd of zone %s is process %d", s.Zone, s.run.Supervisor.Pid)
	}
	if s.note, err = readNote(s.Note); err != nil {
		return err
	}
	if s.config, err = s.zones.Load(s.Zone); err != nil {
		// It runs all the same, and can be halted.
		s.log.Warn("zone's configuration", "error", err)
		s.config = &zone.Config{Name: s.Zone}
	}
	s.doors, s.groups = inherited(), cgroup.At(s.run.Cgroups)
	s.orders, s.ended = make(chan order), make(chan struct{})
	init, ready := s.run.Init, s.run.State == zone.Ready
	if ready {
		init = s.run.Waiting
	}
	s.jail = jail.Adopt(init.Pid, init.Start, ready)
	return s.serve()
}

// serve opens the sockets and looks at the console.
func (s *supervisor) serve() error {
	l, err := s.doors.listener(keeper.Console)
	if err != nil {
		return fmt.Errorf("console: %w", err)
	}
	clients := console.Inherit(keeper.Clients, s.note.Clients)
	s.console = console.Serve(l, s.zones.ConsoleLog(s.Zone), s.run.Console, clients)
	s.console.Attach(s.jail.Console)
	if s.meta, err = s.doors.listener(keeper.Metadata); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	if s.ctl, err = s.doors.listener(keeper.Orders); err != nil {
		return fmt.Errorf("orders: %w", err)
	}
	s.open()
	s.keepLeases()
	return nil
}

// recordExit keeps how init ended and tells who wants to know.
func (s *supervisor) recordExit(st unix.WaitStatus) {
	end := zone.Exit{Status: int(st), Time: time.Now(), BootID: s.run.BootID, OOMKills: s.groups.OOMKills()}
	if err := s.save("exit.json", end); err != nil {
		s.log.Warn("record the end of init", "error", err)
	}
}
