package super

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// How an init is asked to end the system, by its program's name. The others
// are asked by running poweroff inside, and if there is none by SIGTERM.
var shutdownSignals = map[string]unix.Signal{
	"systemd":  unix.Signal(34 + 3), // SIGRTMIN+3: halt
	"busybox":  unix.SIGUSR2,        // power off
	"smartbox": unix.SIGTERM,        // the sparse brand's own init
}

// full inits know poweroff(8); any other program is an application.
var fullInits = map[string]bool{"init": true, "openrc-init": true, "runit-init": true, "s6-svscan": true}

func (s *supervisor) askInit(ctx context.Context) {
	name := s.initProgram()
	sig, ok := shutdownSignals[name]
	if !ok {
		if fullInits[name] && s.powerOff(ctx) {
			return
		}
		sig = unix.SIGTERM
	}
	if !s.heeds(sig) {
		s.log.Info("init does not heed the signal that asks it to end, the zone is halted", "signal", unix.SignalName(sig))
		s.kill()
		return
	}
	if err := s.jail.Signal(sig); err != nil {
		s.log.Warn("ask init to end", "error", err)
	}
}

// heeds reports whether init has a handler for a signal or waits for it: the
// kernel keeps all others from the first process of a pid namespace.
func (s *supervisor) heeds(sig unix.Signal) bool {
	if s.awaitsSignals() {
		return true
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.jail.Pid))
	if err != nil {
		return true // it is ending, or will be killed in time
	}
	var set uint64
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		if name == "SigCgt" || name == "SigBlk" {
			mask, _ := strconv.ParseUint(strings.TrimSpace(value), 16, 64) // the kernel's own
			set |= mask
		}
	}
	return set&(1<<(sig-1)) != 0
}

// awaitsSignals reports whether init sits in sigtimedwait(2), as busybox's does:
// while it does, what it waits for does not count as blocked.
func (s *supervisor) awaitsSignals() bool {
	call, err := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", s.jail.Pid))
	number, _, _ := strings.Cut(string(call), " ")
	return err == nil && number == strconv.Itoa(unix.SYS_RT_SIGTIMEDWAIT)
}

func (s *supervisor) powerOff(ctx context.Context) bool {
	code, err := s.zones.Exec(ctx, s.Zone, zone.ExecOptions{Argv: []string{"/sbin/poweroff"}})
	if err != nil || code != 0 {
		s.log.Info("poweroff inside the zone", "code", code, "error", err)
		return false
	}
	return true
}

// initProgram is the name of the program that init's path leads to inside.
func (s *supervisor) initProgram() string {
	root, err := unix.Open(s.rootDir(), unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(root)
	name := s.initPath(s.run.Boot)
	if path.Dir(path.Dir(name)) == nativeDir || path.Dir(name) == nativeDir {
		return "smartbox"
	}
	fd, err := host.OpenIn(root, name, unix.O_PATH)
	if err != nil {
		return path.Base(name) // it lies on a mount; its own name must do
	}
	defer unix.Close(fd)
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlink("/proc/self/fd/"+strconv.Itoa(fd), buf)
	if err != nil {
		return ""
	}
	return filepath.Base(string(buf[:n]))
}
