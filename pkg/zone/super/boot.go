package super

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/cgroup"
	"github.com/smartbox-os/smartbox/pkg/zone/jail"
)

// rise makes the zone's kernel parts and, unless it is only to be ready, runs
// init. When it fails nothing is left of them.
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
	s.run.Cgroups, s.run.Init = s.groups.Dirs(), zone.Process{}
	if err := s.record(zone.Ready); err != nil {
		return err
	}
	s.console.Notice("Zone booting up")
	undo.Add(s.groups.Remove)
	if err := s.groups.Create(int(s.claim.base)); err != nil {
		return err
	}
	if err := s.limit(s.groups.ApplyNew); err != nil {
		return err
	}
	if err := s.allowDevices(); err != nil {
		return err
	}
	undo.Add(func() error { return s.detach(context.WithoutCancel(ctx)) })
	if err := s.makeJail(ctx, r); err != nil {
		return err
	}
	undo.Add(s.closeJail)
	if r.Op == zone.OpBoot {
		if err := s.exec(r.Boot); err != nil {
			return err
		}
	}
	undo.Success()
	return nil
}

func (s *supervisor) makeJail(ctx context.Context, r zone.Request) error {
	if err := s.writeEtc(); err != nil {
		return err
	}
	spec, err := s.spec(r.Boot)
	if err != nil {
		return err
	}
	spec.Attach = func(netns *os.File) error { return s.attach(ctx, netns) }
	j, err := jail.Start(spec)
	if err != nil {
		return err
	}
	s.jail = j
	s.console.Attach(j.Console)
	return nil
}

// exec runs the init of a zone that is ready.
func (s *supervisor) exec(o zone.BootOptions) error {
	if err := s.jail.Exec(); err != nil {
		return fmt.Errorf("zone %s: init: %w", s.Zone, err)
	}
	s.boot = o
	s.run.Init = zone.Process{Pid: s.jail.Pid, Start: s.jail.Start}
	s.run.Booted = time.Now()
	s.log.Info("zone runs", "zoneid", s.run.ID, "init", s.jail.Pid)
	return s.record(zone.Running)
}

func (s *supervisor) closeJail() error {
	s.console.Detach()
	if s.jail == nil {
		return nil
	}
	err := s.jail.Close()
	s.jail = nil
	return err
}

// fallDown removes the kernel's parts of a zone whose init has ended or shall.
func (s *supervisor) fallDown(ctx context.Context) error {
	if s.stopKeeping != nil {
		s.stopKeeping()
		s.stopKeeping = nil
	}
	err := errors.Join(s.closeJail(), s.groups.Remove(), s.detach(ctx))
	s.left = err != nil
	return err
}
