package zone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zone/enter"
	"github.com/smartbox-os/smartbox/pkg/zone/seccomp"
)

// ExecOptions describe a command in a running zone.
type ExecOptions struct {
	Argv []string // as it is; see Login
	// Login runs the user's login shell, in the user's home. The words of Argv,
	// joined by blanks, are its command line, as su(8) -c takes it; without
	// any it is interactive. Nothing of the zone but the shell is needed: no
	// su, no login, no PAM.
	Login bool
	Env   []string // beside the usual: PATH, HOME, SHELL, USER, LOGNAME
	Dir   string   // none: /, or the home
	User  string   // none: root; looked up in the zone's own /etc/passwd

	TTY    bool             // a pty of the zone's own devpts, relayed to Stdin and Stdout
	Opened func(tty string) // is told its name: pts/3
	Size   func() (r, c uint16)
	Resize <-chan os.Signal // asks Size again

	Signals <-chan os.Signal // passed on to the command and its process group

	Stdin  io.Reader // nil: at its end from the start
	Stdout io.Writer // nil: thrown away
	Stderr io.Writer
}

// grace is how long a command whose context ended has between SIGHUP and
// SIGKILL.
const grace = 2 * time.Second

// Exec runs a command in a running zone and returns its exit code, 128+n when
// signal n killed it. No file of the host is open in the command. When ctx ends
// the command is hung up, and killed soon after.
func (h *Host) Exec(ctx context.Context, name string, o ExecOptions) (int, error) {
	s, err := h.Status(name)
	if err != nil {
		return 0, err
	}
	if s.State != Running && s.State != ShuttingDown || s.Run.Init.Pid == 0 {
		return 0, &StateError{"login", name, s.State}
	}
	u, err := findUser(fmt.Sprintf("/proc/%d/root/.", s.Run.Init.Pid), o.User)
	if err != nil {
		return 0, err
	}
	e := execution{
		ExecOptions: o,
		owner:       int(s.Run.UIDBase + u.uid),
		target:      enter.Target{Pid: s.Run.Init.Pid, Start: s.Run.Init.Start, Cgroups: s.Run.Cgroups, Filter: seccomp.Filter()},
		command:     command(o, u, s.Config.Brand),
	}
	run := e.piped
	if o.TTY {
		run = e.terminal
	}
	code, err := run(ctx)
	if errors.Is(err, enter.ErrGone) {
		return 0, &StateError{"login", name, Down}
	}
	if err != nil {
		err = fmt.Errorf("zone %s: %w", name, err)
	}
	return code, err
}

// execution is one command on its way into a zone and there.
type execution struct {
	ExecOptions
	owner   int // of the pipes, as the host counts
	target  enter.Target
	command enter.Command
}

// SearchPath is where commands are looked for. Tools that replace the host's in
// a sparse zone come first there.
func SearchPath(brand string) []string {
	usual := []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}
	native := []string{"/native/usr/sbin", "/native/usr/bin"}
	if strings.HasPrefix(brand, "joyent") {
		return append(native, usual...)
	}
	return append(usual, native...)
}

const defaultShell = "/bin/sh"

func command(o ExecOptions, u user, brand string) enter.Command {
	if u.shell == "" {
		u.shell = defaultShell
	}
	c := enter.Command{
		Argv: o.Argv, Path: SearchPath(brand), Dirs: []string{"/"},
		UID: u.uid, GID: u.gid, Groups: u.groups, TTY: o.TTY,
	}
	c.Env = append([]string{
		"PATH=" + strings.Join(c.Path, ":"), "HOME=" + u.home, "SHELL=" + u.shell, "USER=" + u.name, "LOGNAME=" + u.name,
	}, o.Env...)
	if o.Login {
		c.Exec, c.Argv = u.shell, []string{"-" + path.Base(u.shell)}
		if len(o.Argv) > 0 {
			c.Argv = append(c.Argv, "-c", strings.Join(o.Argv, " "))
		}
		c.Dirs = []string{u.home, "/"}
	}
	if o.Dir != "" {
		c.Dirs = []string{o.Dir}
	}
	return c
}

// tend passes signals on and ends the command when ctx does. The returned
// function stops that.
func (e *execution) tend(ctx context.Context, p *enter.Process) (stop func()) {
	over := make(chan struct{})
	if e.Signals != nil {
		go func() {
			for {
				select {
				case sig := <-e.Signals:
					p.SignalGroup(sig.(syscall.Signal)) //nolint:errcheck // it may have ended
				case <-over:
					return
				}
			}
		}()
	}
	unhook := context.AfterFunc(ctx, func() {
		p.SignalGroup(syscall.SIGHUP) //nolint:errcheck // it may have ended
		select {
		case <-time.After(grace):
			p.SignalGroup(syscall.SIGKILL) //nolint:errcheck // it may have ended
		case <-over:
		}
	})
	return func() { unhook(); close(over) }
}

// NotExecuted reports whether an error of Exec says that the command itself
// cannot be executed, and nothing else went wrong.
func NotExecuted(err error) bool {
	step, ok := errors.AsType[*enter.StepError](err)
	return ok && step.NotExecuted()
}
