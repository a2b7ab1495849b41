package zone

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/pkg/zone/cgroup"
)

// endPatience is how long a zoneadmd may take to be gone after its last word.
const endPatience = 10 * time.Second

// tidy waits until a zone's zoneadmd is gone and removes what is left.
func (h *Host) tidy(ctx context.Context, name string) error {
	s, err := h.Status(name)
	if errors.Is(err, ErrNotFound) {
		s, err = Status{Name: name}, nil
	}
	if err != nil {
		return err
	}
	return h.sweep(ctx, s)
}

// sweep removes what a zone that does not run has left in the kernel and in its
// run directory: what a zoneadmd that was killed could not. It is idempotent.
// The caller holds the zone.
func (h *Host) sweep(ctx context.Context, s Status) error {
	dir := h.runDir(s.Name)
	if _, err := os.Lstat(dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	wait, cancel := context.WithTimeout(ctx, endPatience)
	defer cancel()
	l, err := lock.Wait(wait, filepath.Join(dir, "lock"))
	if err != nil {
		return fmt.Errorf("zone %s: its zoneadmd does not end: %w", s.Name, err)
	}
	defer l.Unlock()
	run := new(RunState)
	if !new(reader).json(filepath.Join(dir, "state.json"), run) {
		return sweepDir(dir) // nothing was made yet, or all is swept
	}
	boot, err := host.BootID()
	if err != nil {
		return err
	}
	if run.BootID != boot {
		return sweepDir(dir)
	}
	if err := h.sweepKernel(ctx, s.Name, run); err != nil {
		return fmt.Errorf("zone %s: clean up: %w", s.Name, err)
	}
	return sweepDir(dir)
}

func (h *Host) sweepKernel(ctx context.Context, name string, run *RunState) error {
	if err := killProcess(run.Init); err != nil {
		return err
	}
	groups := cgroup.At(run.Cgroups)
	var err error
	if !groups.Empty() { // the usual end of init left nobody
		err = groups.Kill()
	}
	return errors.Join(err, groups.Remove(), h.detach(ctx, name))
}

func (h *Host) detach(ctx context.Context, name string) error {
	err := h.links.Detach(ctx, name)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// killProcess kills init, and with it all processes of the zone, and waits.
func killProcess(p Process) error {
	if p.Pid == 0 {
		return nil
	}
	fd, err := host.OpenProcess(p.Pid, p.Start)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill init: %w", err)
	}
	if !host.WaitGone(fd, int(endPatience/time.Millisecond)) {
		return fmt.Errorf("init (process %d) does not end when killed", p.Pid)
	}
	return nil
}

// sweepDir leaves only what is known of the zone's last end, and the lock.
func sweepDir(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range files {
		if f.Name() != "lock" && f.Name() != "exit.json" {
			errs = append(errs, os.RemoveAll(filepath.Join(dir, f.Name())))
		}
	}
	return errors.Join(errs...)
}
