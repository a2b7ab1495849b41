package super

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/cgroup"
	"github.com/smartbox-os/smartbox/pkg/zone/console"
	"github.com/smartbox-os/smartbox/pkg/zone/jail"
	"github.com/smartbox-os/smartbox/pkg/zone/keeper"
)

// rise makes the zone's kernel parts, runs init unless it is only to be ready,
// and leaves both to a new zoneadmd. When it fails nothing is left of them.
func (s *supervisor) rise(ctx context.Context, r zone.Request) (err error) {
	undo := revert.New()
	defer func() {
		left := undo.Fail()
		s.left = s.left || left != nil
		err = errors.Join(err, left)
	}()

	if s.config, err = s.zones.Load(s.Zone); err != nil {
		return err
	}
	if err := s.config.Bootable(); err != nil {
		return err
	}
	if s.run.ID, err = nextID(ctx, s.root); err != nil {
		return err
	}
	if s.groups, err = cgroup.Plan(s.root.KernelName("smartbox"), s.Zone); err != nil {
		return err
	}
	s.run.Cgroups, s.run.Init, s.run.Waiting = s.groups.Dirs(), zone.Process{}, zone.Process{}
	if err := s.record(zone.Ready); err != nil {
		return err
	}
	s.notice(console.Booting)
	undo.Add(s.groups.Remove)
	if err := s.groups.Create(int(s.run.UIDBase)); err != nil {
		return err
	}
	if err := s.limit(s.groups.ApplyNew); err != nil {
		return err
	}
	if err := s.allowDevices(); err != nil {
		return err
	}
	undo.Add(func() error { return s.detach(context.WithoutCancel(ctx)) })
	clients := s.freeze()
	undo.Add(func() error { s.thaw(); return nil })
	if err := s.makeJail(ctx, r, clients); err != nil {
		return err
	}
	undo.Add(s.closeJail)
	if err := s.handOver(r); err != nil {
		return err
	}
	undo.Success()
	return nil
}

func (s *supervisor) makeJail(ctx context.Context, r zone.Request, clients []console.Client) error {
	if err := s.writeEtc(); err != nil {
		return err
	}
	spec, err := s.spec(r.Boot)
	if err != nil {
		return err
	}
	files, err := console.Files(clients)
	if err != nil {
		return fmt.Errorf("clients of the console: %w", err)
	}
	defer doors(maps.Collect(slices.All(files))).close()
	if spec.Keeper, err = s.keeper(r, clients, files); err != nil {
		return err
	}
	defer spec.Keeper.Program.Close()
	spec.Attach = func(netns *os.File) error { return s.attach(ctx, netns) }
	s.jail, err = jail.Start(spec)
	return err
}

// keeper is the process that the zone is left to. It wakes at once when there is
// something to do.
func (s *supervisor) keeper(r zone.Request, clients []console.Client, files []*os.File) (*jail.Keeper, error) {
	n := note{Quiet: firstQuiet}
	k := &jail.Keeper{Files: s.doors.files(), Ready: r.Op == zone.OpReady}
	for i, c := range clients {
		n.Clients = append(n.Clients, c.Writes)
		k.Files = append(k.Files, jail.File{FD: int(files[i].Fd()), At: keeper.Clients + i})
	}
	most := keeper.Never
	nics, err := s.config.NICs()
	if err != nil {
		return nil, err
	}
	if len(clients) > 0 || dynamic(nics) {
		most = 0
	}
	if k.Argv, k.Env, err = s.life(n); err != nil {
		return nil, err
	}
	k.Program, err = keeper.File(most)
	return k, err
}

// handOver runs init and leaves it to its keeper.
func (s *supervisor) handOver(r zone.Request) (err error) {
	init, state := zone.Process{Pid: s.jail.Pid, Start: s.jail.Start}, zone.Ready
	s.run.Waiting = init
	if r.Op != zone.OpReady {
		state = zone.Running
		if err := s.exec(r.Boot); err != nil {
			return err
		}
	}
	if s.run.Supervisor, err = process(s.jail.Keeper); err != nil {
		return err
	}
	if err := s.record(state); err != nil {
		return err
	}
	if err := s.jail.HandOver(); err != nil {
		return err
	}
	s.jail, s.handed = nil, true
	return nil
}

// exec runs the init of a zone that is ready.
func (s *supervisor) exec(o zone.BootOptions) error {
	if err := s.jail.Exec(); err != nil {
		return fmt.Errorf("zone %s: init: %w", s.Zone, err)
	}
	s.run.Boot = o
	s.run.Init, s.run.Waiting = zone.Process{Pid: s.jail.Pid, Start: s.jail.Start}, zone.Process{}
	s.run.Booted = time.Now()
	s.log.Info("zone runs", "zoneid", s.run.ID, "init", s.jail.Pid)
	return nil
}

func (s *supervisor) closeJail() error {
	if s.console != nil {
		s.console.Detach()
	}
	if s.jail == nil {
		return nil
	}
	err := s.jail.Close()
	s.jail = nil
	return err
}

// fallDown removes the kernel's parts of a zone whose init has ended or shall.
func (s *supervisor) fallDown(ctx context.Context) error {
	s.leases.stop()
	s.leases = nil
	err := errors.Join(s.closeJail(), s.groups.Remove(), s.detach(ctx))
	s.left = err != nil
	return err
}
