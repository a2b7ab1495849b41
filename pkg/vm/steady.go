package vm

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// steadyTime is how long init has to run before a boot counts as one. An init
// that cannot work (a library that is missing, a script with a mistake) is
// started without an error, and has ended by then.
const steadyTime = 300 * time.Millisecond

// An init that has no more to do for now has done its first steps: one that
// cannot work does not come to wait for anything. It is looked at some times, since
// one look may meet a pause in what goes on.
const (
	look  = 8 * time.Millisecond
	looks = 3
)

// boot boots a zone and watches over its first moments.
func (h *Host) boot(ctx context.Context, name string) error {
	began := time.Now()
	if err := h.zones.Boot(ctx, name, zone.BootOptions{}); err != nil {
		return err
	}
	return h.steady(ctx, name, began)
}

// steady waits until the init of a zone that was booted after since has outlived
// its first moments, and shows it its snapshots; that it has not is an error.
func (h *Host) steady(ctx context.Context, name string, since time.Time) error {
	for asleep := 0; ; {
		s, err := h.zones.Status(name)
		if err != nil {
			return err
		}
		if err := h.fallen(s, since); err != nil {
			return err
		}
		if s.State != zone.Running {
			return nil
		}
		asleep++
		if !s.Run.Asleep() {
			asleep = 0
		}
		if isSteady(s) || asleep >= looks && s.Run.InitLives() {
			h.checkpointAll(ctx, s.Config)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
	}
}

func isSteady(s zone.Status) bool { return time.Since(s.Run.Booted) >= steadyTime && s.Run.InitLives() }

// fallen says how the init of a zone that was booted after since has ended,
// unless it has not or was meant to: an init that restarts the zone, or one
// that is a job which is done.
func (h *Host) fallen(s zone.Status, since time.Time) error {
	if s.LastEnd == nil || s.LastEnd.Time.Before(since) {
		return nil
	}
	status := syscall.WaitStatus(s.LastEnd.Status)
	restarts, _ := attr(s.Config, "restart-init")
	if status.Signaled() && status.Signal() == unix.SIGHUP || status.Exited() && status.ExitStatus() == 0 && restarts == "false" {
		return nil
	}
	return fmt.Errorf("init ended right after the boot (%s), its console log is %s",
		ending(status), h.root.Display(h.zones.ConsoleLog(s.Name)))
}

// ending is how an init ended, in words.
func ending(status syscall.WaitStatus) string {
	switch {
	case !status.Signaled():
		return fmt.Sprintf("exit status %d", status.ExitStatus())
	case status.Signal() == unix.SIGINT:
		return "it halted the zone"
	}
	return "killed by " + unix.SignalName(status.Signal())
}
