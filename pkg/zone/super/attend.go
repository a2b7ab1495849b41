package super

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/console"
)

// intent is why init ends, when somebody outside wanted it to.
type intent int

const (
	none intent = iota
	halt
	reboot
)

// A zone whose init keeps dying is started again after longer and longer
// pauses; one that ran for a while has its credit back.
const (
	firstPause = time.Second
	lastPause  = time.Minute
	calm       = time.Minute
)

// attend watches over the zone until it is down for good, or booted again and
// left to another zoneadmd.
func (s *supervisor) attend(ctx context.Context) error {
	st := s.watch(ctx)
	ran := s.run.Init.Pid != 0
	why := s.why(st, ran)
	s.deadline, s.intent = nil, none
	s.log.Info("init ended", "status", describe(st), "next", why.String())
	if ran {
		s.recordExit(st)
	}
	if why == reboot {
		s.notice(console.Rebooting)
	}
	if err := s.record(zone.Down); err != nil {
		s.log.Warn("record state", "error", err)
	}
	err := s.fallDown(context.WithoutCancel(ctx))
	if why == none { // it crashed
		why = s.wait(ctx, s.pause())
	}
	if why == reboot && err == nil {
		err = s.rise(ctx, zone.Request{Op: zone.OpBoot, Boot: s.run.Boot})
		if err == nil {
			return nil
		}
		s.log.Error("zone does not start again", "error", err)
	}
	s.notice(console.Halted)
	return err
}

// pause is how long to wait after a crash of init.
func (s *supervisor) pause() time.Duration {
	if time.Since(s.run.Booted) > calm {
		s.run.Crashes = 0
	}
	p := min(firstPause<<min(s.run.Crashes, 10), lastPause)
	s.run.Restarts++
	s.run.Crashes++
	return p
}

// why tells a halt from a reboot and a crash: the kernel ends a pid namespace
// whose init calls reboot(2) with SIGHUP for a restart and SIGINT for a halt.
func (s *supervisor) why(st unix.WaitStatus, ran bool) intent {
	switch {
	case s.intent != none:
		return s.intent
	case !ran:
		return halt
	case st.Signaled() && st.Signal() == unix.SIGHUP:
		return reboot
	case st.Signaled() && st.Signal() == unix.SIGINT:
		return halt
	case s.attr("restart-init") == "false":
		return halt
	}
	return none
}

// wait pauses before a restart, unless an order comes.
func (s *supervisor) wait(ctx context.Context, pause time.Duration) intent {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return reboot
		case <-ctx.Done():
			return halt
		case o := <-s.orders:
			switch o.Op {
			case zone.OpShutdown:
				s.end(o, none)
				if o.Reboot {
					return reboot
				}
				return halt
			case zone.OpBoot, zone.OpReboot:
				s.end(o, none)
				s.run.Boot = o.Boot
				return reboot
			}
			respond(o, &zone.StateError{Op: o.Op, Zone: s.Zone, State: s.run.State})
		}
	}
}

// answer answers the orders that waited for what is done now.
func (s *supervisor) answer(err error) {
	for _, o := range s.pending {
		respond(o, err)
	}
	s.pending = nil
}

func (i intent) String() string {
	return [...]string{"restart after a pause", "halt", "reboot"}[i]
}

func describe(st unix.WaitStatus) string {
	if st.Signaled() {
		return unix.SignalName(st.Signal())
	}
	return "exit " + itoa(st.ExitStatus())
}
