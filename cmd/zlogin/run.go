package zlogin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/term"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

func run(ctx context.Context, env *cli.Env, o *options) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.zone == "global" {
		return errors.New("'zlogin' not applicable to the global zone")
	}
	zones := zone.New(env.Root, env.Log)
	var err error
	switch {
	case o.console:
		err = console(ctx, env, zones, o)
	case o.attach:
		err = attach(ctx, env, zones, o)
	default:
		err = login(ctx, env, zones, o)
	}
	return word(err, zones, o)
}

// word gives the library's errors the original's words.
func word(err error, zones *zone.Host, o *options) error {
	state, isState := errors.AsType[*zone.StateError](err)
	switch {
	case errors.Is(err, zone.ErrNotFound):
		return fmt.Errorf("zone '%s' unknown", o.zone)
	case !isState:
		return err
	case state.State == zone.Configured || state.State == zone.Incomplete:
		return fmt.Errorf("cannot login to a zone which is '%s'", state.State)
	}
	err = fmt.Errorf("login allowed only to running zones (%s is '%s').", o.zone, state.State) //nolint:staticcheck // the original's words
	if s, lerr := zones.Status(o.zone); lerr == nil && s.State == zone.Installed {
		return cli.WithHint(err, "zoneadm -z "+o.zone+" boot")
	}
	return err
}

// login runs a command or a shell and ends with its exit code.
func login(ctx context.Context, env *cli.Env, zones *zone.Host, o *options) error {
	// Interrupts are the command's to answer; ctx, which they end, is not used.
	ctx, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(signals)

	x := o.exec()
	x.Stdin, x.Stdout, x.Stderr, x.Signals = env.Stdin, env.Stdout, env.Stderr, signals
	if o.noStdin {
		x.Stdin = nil
	}
	here := term.Of(env.Stdin)
	x.TTY = o.interactive || len(o.argv) == 0 && here != nil
	if !x.TTY {
		code, err := execute(ctx, zones, o, x)
		return outcome(code, err)
	}
	s := session{env: env, o: o, here: here}
	code, err := s.run(ctx, zones, x, hangUp)
	if len(o.argv) == 0 {
		code = 0
	}
	return outcome(code, err)
}

func outcome(code int, err error) error {
	if err == nil && code != 0 {
		return cli.Exit(code)
	}
	return err
}

// execute runs the command; what /bin/sh need not interpret runs without it,
// and with it for its words when that fails.
func execute(ctx context.Context, zones *zone.Host, o *options, x zone.ExecOptions) (int, error) {
	if argv, ok := o.direct(); ok {
		plain := x
		plain.Argv = argv
		code, err := zones.Exec(ctx, o.zone, plain)
		if err == nil || !zone.NotExecuted(err) {
			return code, err
		}
	}
	return zones.Exec(ctx, o.zone, x)
}

// session is a command on a terminal.
type session struct {
	env  *cli.Env
	o    *options
	here *term.Terminal // nil when we have none
	tty  string         // in the zone
}

func (s *session) run(ctx context.Context, zones *zone.Host, x zone.ExecOptions, hangUp func()) (int, error) {
	x.Env = append(x.Env, "TERM="+s.terminalType())
	x.Opened = s.opened
	x.Stdin = s.keys(x.Stdin, hangUp)
	if s.here != nil {
		x.Size = s.here.Size
		changes, stop := term.Resized()
		defer stop()
		x.Resize = changes
		if err := s.here.Raw(); err != nil {
			return 0, err
		}
		defer s.here.Restore() //nolint:errcheck // the terminal may be gone
	}
	code, err := zones.Exec(ctx, s.o.zone, x)
	if s.here != nil {
		s.here.Restore() //nolint:errcheck // the terminal may be gone
	}
	if s.tty != "" {
		s.say("\n[Connection to zone '%s' %s closed]\n", s.o.zone, s.tty)
	}
	return code, err
}

func (s *session) terminalType() string {
	if t := s.env.Getenv("TERM"); t != "" {
		return t
	}
	return "vt100"
}

func (s *session) opened(tty string) {
	s.tty = tty
	end := "\n"
	if s.here != nil {
		end = "\r\n"
	}
	s.say("[Connected to zone '%s' %s]%s", s.o.zone, tty, end)
}

// say tells what is no output of a command.
func (s *session) say(format string, args ...any) {
	if !s.o.quiet && len(s.o.argv) == 0 {
		fmt.Fprintf(s.env.Stdout, format, args...)
	}
}

// keys is what is typed, the escapes taken out.
func (s *session) keys(in io.Reader, leave func()) io.Reader {
	if in == nil || s.here == nil {
		return in
	}
	e := &term.Escapes{In: in, Off: s.o.noEscape, Suspend: func() {
		if err := s.here.Suspend(); err != nil {
			s.env.Log.Warn("suspend", "error", err)
		}
	}}
	e.Char, _ = term.ParseEscape(s.o.escape)
	return leaver{e, leave}
}

// leaver calls leave when the user left.
type leaver struct {
	io.Reader
	leave func()
}

func (l leaver) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if errors.Is(err, term.ErrLeft) {
		l.leave()
	}
	return n, err
}
