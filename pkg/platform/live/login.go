package live

import (
	"bufio"
	"context"
	"crypto/subtle"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/platform/pid1"
)

// LoginRole is the name by which the binary is a login on a terminal.
const LoginRole = "init-login"

const consoleDevice = "/dev/console"

// Banner is what the console shows before the login.
func (s *System) Banner() string {
	return fmt.Sprintf("\r\nsmartbox platform %s on %s, up by %s\r\n", Stamp(), hostname(), pid1.Phases())
}

func hostname() string {
	host, err := os.Hostname()
	if err != nil {
		return "smartbox"
	}
	return host
}

// LoginPrompt is what asks for a name.
func LoginPrompt() string { return hostname() + " login: " }

// Login offers a login on the console until ctx ends.
func (s *System) Login(ctx context.Context) {
	for ctx.Err() == nil {
		began := time.Now()
		if err := s.login(ctx); err != nil && ctx.Err() == nil {
			s.Log.Debug("login", "error", err)
		}
		if time.Since(began) < time.Second {
			time.Sleep(time.Second)
		}
	}
}

// login runs one session on the console, from the prompt to the shell's end.
func (s *System) login(ctx context.Context) error {
	tty, err := os.OpenFile(consoleDevice, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer tty.Close()
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Args = []string{LoginRole}
	cmd.Dir = "/root"
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	return cmd.Run()
}

// administrator is the one who may log in on the console: there are no others,
// and whatever else a file of passwords names would be root as well.
const administrator = "root"

// nobodysHash is no password's. It is tried for those who may not log in, so
// that an answer takes as long for them.
const nobodysHash = "$6$................$"

// MayLogin reports whether name is root and the password root's, and whether one
// is wanted at all: an empty one in /etc/shadow lets whoever is there in.
func MayLogin(shadow, name, password string) (ok, wanted bool) {
	hash := nobodysHash
	lines := bufio.NewScanner(strings.NewReader(shadow))
	for lines.Scan() {
		f := strings.Split(lines.Text(), ":")
		if f[0] == name && name == administrator && len(f) > 1 {
			hash = f[1]
			break
		}
	}
	if hash == "" {
		return true, false
	}
	return matches(hash, password), true
}

// matches checks a password against crypt(3)'s $6$SALT$DIGEST.
func matches(hash, password string) bool {
	f := strings.Split(hash, "$")
	if len(f) != 4 || f[1] != "6" || len(f[2]) > 16 {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(sha512Crypt(password, f[2])), []byte(hash)) == 1
}
