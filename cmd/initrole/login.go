package initrole

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/smartbox-os/smartbox/cmd/internal/terminal"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform/live"
	"github.com/smartbox-os/smartbox/pkg/platform/pid1"
)

const (
	loginTries  = 3
	loginPause  = 2 * time.Second
	loginWindow = time.Minute // for a password
	shell       = "/bin/sh"
)

// Login asks for a name and a password on a terminal and becomes a shell.
func Login(env *cli.Env, _ []string) int {
	return session{
		env: env, in: bufio.NewReader(env.Stdin), shadow: "/etc/shadow", pause: loginPause,
		prompted: func() { pid1.Phase("prompt") },
		become:   func(name string) error { return become(env, name) },
	}.run()
}

// session is one person's tries to log in.
type session struct {
	env      *cli.Env
	in       *bufio.Reader
	shadow   string
	pause    time.Duration
	become   func(name string) error
	prompted func()
}

func (s session) run() int {
	for range loginTries {
		fmt.Fprintf(s.env.Stdout, "\r\n%s", live.LoginPrompt())
		s.prompted()
		name, err := s.in.ReadString('\n')
		if err != nil {
			return cli.ExitFailed
		}
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if s.may(name) {
			fmt.Fprintf(s.env.Stderr, "login: %v\n", s.become(name))
			return cli.ExitFailed
		}
		time.Sleep(s.pause)
		fmt.Fprint(s.env.Stdout, "\r\nLogin incorrect\r\n")
	}
	return cli.ExitFailed
}

// may asks for the password where there is one.
func (s session) may(name string) bool {
	shadow, err := os.ReadFile(s.shadow)
	if err != nil {
		fmt.Fprintf(s.env.Stderr, "login: %v\n", err)
		return false
	}
	if ok, wanted := live.MayLogin(string(shadow), name, ""); !wanted {
		return ok
	}
	restore := terminal.NoEcho(s.env.Stdin)
	defer restore()
	fmt.Fprint(s.env.Stdout, "Password: ")
	late := time.AfterFunc(loginWindow, func() { syscall.Kill(os.Getpid(), syscall.SIGHUP) }) //nolint:errcheck // oneself
	defer late.Stop()
	password, err := s.in.ReadString('\n')
	if err != nil {
		return false
	}
	ok, _ := live.MayLogin(string(shadow), name, strings.TrimRight(password, "\r\n"))
	return ok
}

// become replaces this process by the shell; it returns when that fails. Only
// root is known here.
func become(env *cli.Env, name string) error {
	fmt.Fprint(env.Stdout, "\r\n")
	environ := []string{
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "SHELL=" + shell, "USER=" + name, "LOGNAME=" + name,
		"TERM=" + env.Getenv("TERM"),
	}
	return syscall.Exec(shell, []string{"-sh"}, environ)
}
