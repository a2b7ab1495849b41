package super

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/console"
	"github.com/smartbox-os/smartbox/pkg/zone/keeper"
)

// A zoneadmd goes to sleep after a while of quiet, a longer one each time it was
// soon woken again.
const (
	firstQuiet = 2 * time.Second
	lastQuiet  = 5 * time.Minute
	sound      = time.Minute // it slept well
)

// note is what a zoneadmd tells itself over a sleep.
type note struct {
	Slept   time.Time     `json:"slept,omitzero"`    // since when
	Quiet   time.Duration `json:"quiet"`             // after which it went to sleep
	Clients []bool        `json:"clients,omitempty"` // of the console, whether each writes
}

// NoteVariable is the name of the environment variable with the note.
const NoteVariable = "SMARTBOX_ZONEADMD"

func readNote(text string) (note, error) {
	n := note{Quiet: firstQuiet}
	if text == "" {
		return n, nil
	}
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		return n, fmt.Errorf("%s: %w", NoteVariable, err)
	}
	n.Quiet = min(max(n.Quiet, firstQuiet), lastQuiet)
	switch {
	case n.Slept.IsZero():
	case time.Since(n.Slept) < sound:
		n.Quiet = min(2*n.Quiet, lastQuiet)
	default:
		n.Quiet = firstQuiet
	}
	return n, nil
}

// life is how a zoneadmd is executed, asleep and awake.
func (s *supervisor) life(n note) (argv, env []string, err error) {
	text, err := json.Marshal(n)
	return []string{"zoneadmd", "-z", s.Zone}, []string{
		"SMARTBOX_ROOT=" + s.root.Join(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		// A small heap.
		"GOMAXPROCS=1", "GOGC=50",
		NoteVariable + "=" + string(text),
	}, err
}

// activity counts what is being done for others, and knows when it ended.
type activity struct {
	mu   sync.Mutex
	n    int
	last time.Time
}

func (a *activity) add(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n += n
	a.last = time.Now()
}

// idle is how long nothing has been done.
func (a *activity) idle() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.n > 0 {
		return 0
	}
	return time.Since(a.last)
}

// doze goes to sleep if it can, and then does not return; else it says when to
// try again.
func (s *supervisor) doze(ctx context.Context) time.Duration {
	settled := s.run.State == zone.Running || s.run.State == zone.Ready
	if !settled || s.deadline != nil || len(s.pending) > 0 {
		return s.note.Quiet
	}
	if idle := min(s.console.Idle(), s.busy.idle()); idle < s.note.Quiet {
		return s.note.Quiet - idle + time.Millisecond
	}
	most, ok := s.leases.rest()
	if !ok {
		return s.note.Quiet
	}
	if err := s.sleep(ctx, most); err != nil {
		s.log.Warn("zoneadmd stays awake", "error", err)
		return time.Hour
	}
	return s.note.Quiet
}

// sleep makes this process a keeper. It returns when somebody came just now, or
// with an error.
func (s *supervisor) sleep(ctx context.Context, most time.Duration) error {
	s.shut()
	if s.busy.idle() == 0 {
		s.open()
		return nil
	}
	if _, ok := s.console.Freeze(true); !ok {
		s.open()
		return nil
	}
	s.leases.stop()
	err := s.console.Flush()
	if err == nil {
		err = s.become(ctx, most)
	}
	s.console.Thaw()
	s.keepLeases()
	s.open()
	return err
}

func (s *supervisor) become(ctx context.Context, most time.Duration) error {
	argv, env, err := s.life(note{Slept: time.Now(), Quiet: s.note.Quiet})
	if err != nil {
		return err
	}
	if err := keeper.HoldBack(true); err != nil {
		return err
	}
	defer keeper.HoldBack(false) //nolint:errcheck // another thread takes the signal
	if ctx.Err() != nil {
		return nil // told to end
	}
	return keeper.Sleep(most, argv, env)
}

// open lets orders and questions come in.
func (s *supervisor) open() {
	s.ctl.SetDeadline(time.Time{})
	s.meta.SetDeadline(time.Time{})
	s.accepting.Go(s.acceptOrders)
	s.accepting.Go(s.acceptMetadata)
}

// shut lets them wait in the kernel.
func (s *supervisor) shut() {
	past := time.Unix(1, 0)
	s.ctl.SetDeadline(past)
	s.meta.SetDeadline(past)
	s.accepting.Wait()
}

// freeze stops all servers for another process to go on.
func (s *supervisor) freeze() []console.Client {
	if s.console == nil {
		return nil
	}
	s.shut()
	clients, _ := s.console.Freeze(false)
	return clients
}

// thaw takes them up again, when there is no other process after all.
func (s *supervisor) thaw() {
	if s.console == nil {
		return
	}
	s.console.Thaw()
	s.open()
}
