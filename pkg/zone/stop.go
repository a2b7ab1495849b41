package zone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/pkg/zone/cgroup"
	"github.com/smartbox-os/smartbox/pkg/zone/console"
)

const (
	// askAgain is how often a zoneadmd is told to end: it may not hear it while
	// it falls asleep.
	askAgain = 300 * time.Millisecond
	// stopPatience is how long it may take; init may be slow to die.
	stopPatience = 30 * time.Second
)

// stop ends a zone's zoneadmd, and init with it. One that is awake cleans up
// itself; what one that sleeps leaves is the caller's to sweep.
func (h *Host) stop(ctx context.Context, name string, p Process) error {
	fd, err := host.OpenProcess(p.Pid, p.Start)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for end := time.Now().Add(stopPatience); ; {
		if err := unix.PidfdSendSignal(fd, unix.SIGTERM, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("halt: tell zoneadmd: %w", err)
		}
		if host.WaitGone(fd, int(askAgain/time.Millisecond)) {
			return h.noteHalt(name, p)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(end) {
			return fmt.Errorf("halt: zoneadmd (process %d) does not end", p.Pid)
		}
	}
}

// noteHalt keeps what a zoneadmd that slept could not: how init ended.
func (h *Host) noteHalt(name string, p Process) error {
	run := new(RunState)
	if !new(reader).json(filepath.Join(h.runDir(name), "state.json"), run) || run.Supervisor != p {
		return nil // it did
	}
	if run.Init.Pid != 0 {
		end := Exit{
			Status: int(unix.SIGKILL), Time: time.Now(), BootID: run.BootID,
			OOMKills: cgroup.At(run.Cgroups).OOMKills(),
		}
		data, err := json.Marshal(end)
		if err == nil {
			err = atomicfile.Replace(filepath.Join(h.runDir(name), "exit.json"), data, 0o644)
		}
		if err != nil {
			return fmt.Errorf("record the end of init: %w", err)
		}
	}
	h.logEnd(name)
	if err := console.Note(h.ConsoleLog(name), console.Halted); err != nil {
		h.log.Warn("log of the console", "zone", name, "error", err)
	}
	return nil
}

func (h *Host) logEnd(name string) {
	f, err := h.OpenLog(name)
	if err != nil {
		h.log.Warn("log of zoneadmd", "zone", name, "error", err)
		return
	}
	defer f.Close()
	slog.New(slog.NewTextHandler(f, nil)).Info("init ended", "status", "SIGKILL", "next", "halt")
}

// signalProcess sends a signal to a process that is there no more for sure or
// the one that is meant.
func signalProcess(p Process, sig syscall.Signal) error {
	fd, err := host.OpenProcess(p.Pid, p.Start)
	if errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	err = unix.PidfdSendSignal(fd, sig, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
