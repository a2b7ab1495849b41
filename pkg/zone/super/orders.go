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

// serveOrders takes orders on the control socket, root's alone. They are
// carried out by attend, one after the other.
func (s *supervisor) serveOrders() error {
	l, err := host.ListenUnix(s.dir, zone.CtlSocket, 0o600)
	if err != nil {
		return err
	}
	s.ctl = l
	go func() {
		for {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			s.answering.Go(func() { s.serveOrder(c) })
		}
	}()
	return nil
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

// serveMetadata answers connections from inside the zone, if somebody can.
func (s *supervisor) serveMetadata() error {
	if s.Metadata == nil {
		return nil
	}
	l, err := host.ListenUnix(s.dir, metadataSocket, 0o600)
	if err != nil {
		return err
	}
	s.meta = l
	// The zone's root connects, nobody else inside.
	if err := os.Chown(s.path(metadataSocket), int(s.claim.base), int(s.claim.base)); err != nil {
		return err
	}
	go func() {
		for {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			go s.Metadata(context.Background(), c)
		}
	}()
	return nil
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
	for {
		select {
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
	case o.Op == zone.OpHalt:
		s.end(o, halt)
		s.kill()
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
		s.boot = o.Boot
		s.kill()
	case o.Op == zone.OpShutdown:
		s.shutdown(ctx, o)
	case o.Op == zone.OpSignal:
		respond(o, s.jail.Signal(unix.Signal(o.Signal)))
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
		s.boot = o.Boot
		s.kill()
		return
	}
	err := s.exec(o.Boot)
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
