package super

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

const (
	maxOrder  = 64 << 10 // bytes of a request
	orderTime = 5 * time.Second
)

// acceptOrders takes orders on the control socket, root's alone. They are
// carried out by attend, one after the other.
func (s *supervisor) acceptOrders() {
	for {
		c, err := s.ctl.AcceptUnix()
		if err != nil {
			return
		}
		s.busy.add(1)
		s.answering.Go(func() {
			defer s.busy.add(-1)
			s.serveOrder(c)
		})
	}
}

func (s *supervisor) serveOrder(c *net.UnixConn) {
	defer c.Close()
	peer, err := host.Peer(c)
	if err != nil || peer.Uid != 0 {
		return
	}
	c.SetReadDeadline(time.Now().Add(orderTime))
	o := order{answer: make(chan zone.Response, 1)}
	answer := zone.Response{}
	if err := json.NewDecoder(io.LimitReader(c, maxOrder)).Decode(&o.Request); err != nil {
		answer.Error = "request: " + err.Error()
	} else {
		s.log.Debug("order", "op", o.Op, "from", peer.Pid)
		select {
		case s.orders <- o:
			answer = <-o.answer
		case <-s.ended:
			answer.Gone = true
		}
	}
	// Who asked may be gone.
	if err := json.NewEncoder(c).Encode(answer); err != nil {
		s.log.Debug("answer", "op", o.Op, "error", err)
	}
}

// acceptMetadata answers connections from inside the zone.
func (s *supervisor) acceptMetadata() {
	for {
		c, err := s.meta.AcceptUnix()
		if err != nil {
			return
		}
		s.busy.add(1)
		go func() {
			defer s.busy.add(-1)
			s.Metadata(context.Background(), c)
		}()
	}
}

func respond(o order, err error) {
	var r zone.Response
	if state, ok := errors.AsType[*zone.StateError](err); ok {
		r.State = state.State
	}
	if err != nil {
		r.Error = err.Error()
	}
	o.answer <- r
}

// watch obeys orders until the zone's init has ended.
func (s *supervisor) watch(ctx context.Context) unix.WaitStatus {
	done := ctx.Done()
	quiet := time.NewTimer(s.note.Quiet)
	defer quiet.Stop()
	for {
		select {
		case <-quiet.C:
			quiet.Reset(s.doze(ctx))
		case st := <-s.jail.Exited():
			return st
		case o := <-s.orders:
			s.obey(ctx, o)
		case <-s.deadline:
			s.log.Warn("init did not end in time, the zone is halted")
			s.kill()
		case <-done:
			done = nil
			s.intent = halt
			s.kill()
		}
	}
}

func (s *supervisor) obey(ctx context.Context, o order) {
	running := s.run.Init.Pid != 0
	switch {
	case o.Op == zone.OpBoot && !running:
		s.bootReady(o)
	case o.Op == zone.OpResize:
		respond(o, s.console.Resize(o.Rows, o.Cols))
	case o.Op == zone.OpRefresh:
		respond(o, s.refresh(ctx))
	case o.Op == zone.OpShutdown && !running:
		s.end(o, halt)
		s.kill()
	case !running || o.Op == zone.OpBoot || o.Op == zone.OpReady:
		respond(o, &zone.StateError{Op: o.Op, Zone: s.Zone, State: s.run.State})
	case o.Op == zone.OpReboot:
		s.end(o, reboot)
		s.run.Boot = o.Boot
		s.kill()
	case o.Op == zone.OpShutdown:
		s.shutdown(ctx, o)
	default:
		respond(o, errors.New("unknown order "+o.Op))
	}
}

// end notes why init is going to end; the order is answered when all is done.
func (s *supervisor) end(o order, why intent) {
	s.pending = append(s.pending, o)
	s.intent = why
}

func (s *supervisor) kill() {
	if err := s.jail.Signal(unix.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.log.Error("kill init", "error", err)
	}
}

// bootReady runs the init of a ready zone. Its arguments were fixed when the
// zone was made ready, so others need it made anew.
func (s *supervisor) bootReady(o order) {
	if o.Boot.Init != "" || len(o.Boot.Args) != 0 {
		s.end(o, reboot)
		s.run.Boot = o.Boot
		s.kill()
		return
	}
	err := s.exec(o.Boot)
	if err == nil {
		err = s.record(zone.Running)
	}
	respond(o, err)
	if err != nil {
		s.intent = halt
	}
}

func (s *supervisor) shutdown(ctx context.Context, o order) {
	s.end(o, halt)
	if o.Reboot {
		s.intent = reboot
	}
	if err := s.record(zone.ShuttingDown); err != nil {
		s.log.Warn("record state", "error", err)
	}
	s.deadline = time.After(max(o.Patience, time.Millisecond))
	s.askInit(ctx)
}
