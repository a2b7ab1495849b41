package super

import (
	"context"
	"encoding/json"
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

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/vnic"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/cgroup"
	"github.com/smartbox-os/smartbox/pkg/zone/console"
	"github.com/smartbox-os/smartbox/pkg/zone/jail"
)

// supervisor is one zoneadmd. Everything but the servers of console, metadata
// and orders happens on the goroutine of run.
type supervisor struct {
	zone.Supervisor
	root  paths.Root
	log   *slog.Logger
	zones *zone.Host
	links *vnic.Host
	dir   string

	config  *zone.Config
	run     zone.RunState
	claim   *claim
	groups  *cgroup.Set
	jail    *jail.Jail
	console *console.Server
	meta    net.Listener
	ctl     net.Listener
	orders  chan order

	answering sync.WaitGroup
	ended     chan struct{}    // closed when no order is taken any more
	pending   []order          // answered when init has ended
	left      bool             // something could not be removed
	intent    intent           // why it is going to end
	deadline  <-chan time.Time // when it is killed
	boot      zone.BootOptions // of the last boot, for a reboot by init

	stopKeeping context.CancelFunc
}

// order is a request that waits for its answer.
type order struct {
	zone.Request
	answer chan zone.Response
}

// Run is the life of a zoneadmd, from its first order (boot or ready) to the
// end of its zone. It must be called on the main goroutine, which it binds to
// the main thread: the threads that a zone is built on diverge from it.
func Run(ctx context.Context, root paths.Root, log *slog.Logger, sup zone.Supervisor, first zone.Request) error {
	runtime.LockOSThread()
	unix.Umask(0o022)
	if err := nameProcess(); err != nil {
		return err
	}
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("keep descriptors from children: %w", err)
	}
	h := zone.New(root, log)
	s := &supervisor{
		Supervisor: sup, root: root, log: log, zones: h, links: vnic.New(root, log),
		dir: h.RunDir(sup.Zone), orders: make(chan order), ended: make(chan struct{}),
	}
	err := s.prepare()
	if err == nil {
		err = s.rise(ctx, first)
	}
	if err == nil {
		s.tell(nil)
	}
	if err != nil {
		defer s.tell(err)
		log.Error("zone does not start", "error", err)
		return s.finish(err)
	}
	return s.finish(s.attend(ctx))
}

// nameProcess is for ps: started over /proc/self/exe, it would be called exe.
func nameProcess() error {
	name, err := unix.BytePtrFromString("zoneadmd")
	if err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(name)), 0, 0, 0)
}

// finish leaves and gives the last answers, which say that all is done.
func (s *supervisor) finish(err error) error {
	err = errors.Join(err, s.leave(err == nil || !s.left))
	close(s.ended)
	s.answer(err)
	s.answering.Wait()
	return err
}

// tell answers the first order.
func (s *supervisor) tell(err error) {
	if s.Ready == nil {
		return
	}
	r := zone.Response{}
	if err != nil {
		r.Error = err.Error()
	}
	// Whoever asked may be gone; the zone runs all the same.
	if err := json.NewEncoder(s.Ready).Encode(r); err != nil {
		s.log.Warn("answer the first order", "error", err)
	}
	s.Ready.Close()
}

// prepare opens what lasts for all boots of the zone.
func (s *supervisor) prepare() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	boot, err := host.BootID()
	if err != nil {
		return err
	}
	start, err := host.StartTime(os.Getpid())
	if err != nil {
		return err
	}
	s.run = zone.RunState{BootID: boot, State: zone.Ready, Supervisor: zone.Process{Pid: os.Getpid(), Start: start}}
	if s.claim, err = claimIDs(s.root, s.Zone); err != nil {
		return err
	}
	s.run.UIDBase = s.claim.base
	if s.console, err = console.Listen(s.dir, s.zones.ConsoleLog(s.Zone)); err != nil {
		return fmt.Errorf("console: %w", err)
	}
	if err := s.serveMetadata(); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	return s.serveOrders()
}

// leave removes what prepare made. The absence of state.json says that nothing
// is left; when something is, the next command sweeps by it.
func (s *supervisor) leave(clean bool) error {
	if s.console != nil {
		s.console.Close()
	}
	for _, l := range []net.Listener{s.meta, s.ctl} {
		if l != nil {
			l.Close()
		}
	}
	if s.claim != nil {
		s.claim.release()
	}
	var errs []error
	files := []string{zone.CtlSocket, console.Socket, metadataSocket}
	if clean {
		files = append(files, "state.json")
	}
	for _, f := range files {
		if err := os.Remove(filepath.Join(s.dir, f)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// record writes state.json. It comes before what it announces is made, so that
// a sweep finds everything.
func (s *supervisor) record(state zone.State) error {
	s.run.State = state
	return s.save("state.json", s.run)
}

func (s *supervisor) save(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return atomicfile.Replace(filepath.Join(s.dir, name), data, 0o644)
}

// recordExit keeps how init ended and tells who wants to know.
func (s *supervisor) recordExit(st unix.WaitStatus) {
	end := zone.Exit{Status: int(st), Time: time.Now(), BootID: s.run.BootID, OOMKills: s.groups.OOMKills()}
	if err := s.save("exit.json", end); err != nil {
		s.log.Warn("record the end of init", "error", err)
	}
	if s.Exited != nil {
		s.Exited(end)
	}
}
