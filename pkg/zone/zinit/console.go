package zinit

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	consoleDevice = "/dev/console"
	loginProgram  = "/bin/login"
)

// offerLogin lets whoever is at the console log in, again and again. Only root
// of the host can be there, who could as well enter the zone: so a root that
// has no password gets a shell, and one that has is asked for it.
func (i *initProcess) offerLogin() {
	pause := time.Second
	for {
		began := time.Now()
		if err := i.login(); err != nil {
			i.report(err)
		}
		if time.Since(began) > 10*time.Second {
			pause = time.Second
		}
		time.Sleep(pause)
		pause = min(2*pause, 30*time.Second)
	}
}

// login waits for Enter and runs one session. Until then it takes no process.
func (i *initProcess) login() error {
	if err := awaitEnter(); err != nil {
		return fmt.Errorf("console: %w", err)
	}
	tty, err := unix.Open(consoleDevice, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("console: %w", err)
	}
	defer unix.Close(tty)
	program, argv := session()
	fd := uintptr(tty)
	ended, err := i.start(program, argv, &syscall.ProcAttr{
		Dir: Home(), Env: Environ("TERM=" + terminalType()), Files: []uintptr{fd, fd, fd},
		Sys: &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0},
	})
	if err != nil {
		return fmt.Errorf("console: run %s: %w", program, err)
	}
	<-ended
	return nil
}

// awaitEnter says where one is and waits for a line.
func awaitEnter() error {
	f, err := os.OpenFile(consoleDevice, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(f, "\r\n%s console login (press Enter): ", name); err != nil {
		return err
	}
	var line [256]byte
	_, err = f.Read(line[:])
	return err
}

func session() (program string, argv []string) {
	if hasPassword("/etc/shadow") {
		return loginProgram, []string{"login"}
	}
	shell := field("/etc/passwd", 6)
	if !path.IsAbs(shell) {
		shell = "/bin/sh"
	}
	return shell, []string{"-" + path.Base(shell)}
}

// hasPassword reports whether root can be asked for one. A file that cannot be
// read means yes: nobody gets in by breaking it.
func hasPassword(shadow string) bool {
	if _, err := os.Stat(shadow); err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	hash := field(shadow, 1)
	return hash != "" && !strings.HasPrefix(hash, "*") && !strings.HasPrefix(hash, "!") && hash != "x"
}

// field is the n-th field of root's line in an account file.
func field(file string, n int) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if fields := strings.Split(lines.Text(), ":"); fields[0] == "root" && n < len(fields) {
			return fields[n]
		}
	}
	return ""
}

// Home is root's home, / when it is not there.
func Home() string {
	if dir := field("/etc/passwd", 5); path.IsAbs(dir) {
		if st, err := os.Stat(dir); err == nil && st.IsDir() {
			return dir
		}
	}
	return "/"
}

func terminalType() string {
	if t := os.Getenv("TERM"); t != "" {
		return t
	}
	return "vt220"
}
