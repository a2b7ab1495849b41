package super

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/vnic"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/console"
	"github.com/smartbox-os/smartbox/pkg/zone/door"
	"github.com/smartbox-os/smartbox/pkg/zone/keeper"
	"github.com/smartbox-os/smartbox/pkg/zone/seccomp"
)

func init() { zone.SetRaiser(Raise) }

// Raise makes a zone and leaves it to a zoneadmd; see zone.Raiser.
func Raise(ctx context.Context, root paths.Root, log *slog.Logger, name string, held *os.File, r zone.Request) error {
	unix.Umask(0o022)
	s := newSupervisor(root, log, zone.Supervisor{Zone: name})
	err := s.prepare(held)
	if err == nil {
		err = s.rise(ctx, r)
	}
	if err != nil {
		log.Error("zone does not start", "error", err)
		err = errors.Join(err, s.leave(!s.left))
	}
	s.doors.close()
	return err
}

func newSupervisor(root paths.Root, log *slog.Logger, sup zone.Supervisor) *supervisor {
	h := zone.New(root, log)
	return &supervisor{Supervisor: sup, root: root, log: log, zones: h, links: vnic.New(root, log), dir: h.RunDir(sup.Zone)}
}

// prepare opens what lasts for all boots of the zone.
func (s *supervisor) prepare(held *os.File) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	boot, err := host.BootID()
	if err != nil {
		return err
	}
	self, err := process(os.Getpid())
	if err != nil {
		return err
	}
	s.run = zone.RunState{BootID: boot, State: zone.Ready, Supervisor: self, Console: console.Size(s.zones.ConsoleLog(s.Zone))}
	if err := s.openDoors(held); err != nil {
		return err
	}
	c, err := claimIDs(s.root, s.Zone)
	if err != nil {
		return err
	}
	s.run.UIDBase, s.doors[keeper.Claim] = c.base, c.sock
	// The zone's root connects, nobody else inside.
	return os.Chown(s.path(metadataSocket), int(c.base), int(c.base))
}

func process(pid int) (zone.Process, error) {
	start, err := host.StartTime(pid)
	return zone.Process{Pid: pid, Start: start}, err
}

// leave removes what prepare made. The absence of state.json says that nothing
// is left; when something is, the next command sweeps by it.
func (s *supervisor) leave(clean bool) error {
	var errs []error
	files := []string{zone.CtlSocket, console.Socket, metadataSocket, door.File}
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
	if err := s.save("state.json", s.run); err != nil {
		return err
	}
	return s.recordDoor()
}

// recordDoor writes what a zlogin needs on its short way in, while there is one.
func (s *supervisor) recordDoor() error {
	path := filepath.Join(s.dir, door.File)
	if s.run.State != zone.Running && s.run.State != zone.ShuttingDown || s.run.Init.Pid == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	r := door.Record{
		BootID: s.run.BootID, Init: s.run.Init.Pid, Start: s.run.Init.Start, UIDBase: s.run.UIDBase,
		Path:  strings.Join(zone.SearchPath(s.config.Brand), ":"),
		Group: s.groups.Unified(), Tasks: s.groups.Tasks(), Filter: seccomp.Filter(),
	}
	return atomicfile.Replace(path, r.Encode(), 0o600)
}

func (s *supervisor) save(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return atomicfile.Replace(filepath.Join(s.dir, name), data, 0o644)
}

// notice tells whoever looks at the console.
func (s *supervisor) notice(text string) {
	if s.console != nil {
		s.console.Notice(text)
		return
	}
	if err := console.Note(s.zones.ConsoleLog(s.Zone), text); err != nil {
		s.log.Warn("log of the console", "error", fmt.Errorf("zone %s: %w", s.Zone, err))
	}
}
