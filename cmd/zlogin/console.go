package zlogin

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/term"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// console connects the user to the zone's console until one of both ends it.
func console(ctx context.Context, env *cli.Env, zones *zone.Host, o *options) error {
	s := session{env: env, o: o, here: term.Of(env.Stdin)}
	line, err := zones.Console(ctx, o.zone, zone.ConsoleOptions{UntilHalt: o.disconnect})
	if err != nil {
		return err
	}
	defer line.Close()
	if s.here != nil {
		if err := s.here.Raw(); err != nil {
			return err
		}
		defer s.here.Restore() //nolint:errcheck // the terminal may be gone
		stop := s.followSize(ctx, zones)
		defer stop()
	}
	s.opened("console")
	err = s.talk(line, s.keys(env.Stdin, func() { line.Close() }))
	if s.here != nil {
		s.here.Restore() //nolint:errcheck // the terminal may be gone
	}
	s.say("\n[Connection to zone '%s' console closed]\n", o.zone)
	return err
}

// talk copies both ways until the console ends. The end of the input leaves it,
// unless somebody sits at a terminal.
func (s *session) talk(line io.ReadWriteCloser, keys io.Reader) error {
	go func() {
		_, err := io.Copy(line, keys)
		if err != nil || !s.o.noEOF {
			line.Close()
		}
	}()
	if _, err := io.Copy(s.env.Stdout, line); err != nil {
		return fmt.Errorf("console: %w", err)
	}
	return nil
}

// followSize makes the console's terminal as large as ours.
func (s *session) followSize(ctx context.Context, zones *zone.Host) (stop func()) {
	changes, stop := term.Resized()
	resize := func() {
		rows, cols := s.here.Size()
		if err := zones.ResizeConsole(ctx, s.o.zone, rows, cols); err != nil {
			s.env.Log.Debug("resize console", "error", err) // it may be down
		}
	}
	resize()
	go func() {
		for range changes {
			resize()
		}
	}()
	return stop
}

// attach connects to the streams of a docker zone's init, which its console
// carries.
func attach(ctx context.Context, env *cli.Env, zones *zone.Host, o *options) error {
	c, err := zones.Load(o.zone)
	if err != nil {
		return err
	}
	for _, a := range c.Attrs {
		if a.Name == "zlog-mode" {
			o.quiet, o.disconnect = true, true
			return console(ctx, env, zones, o)
		}
	}
	return errors.New("-I: zone '" + o.zone + "' has no zlog-mode attribute: it is no docker zone")
}
