package zinit

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Signals that inits of Linux know. Halt and power off are one for a zone.
var (
	sigHalt     = unix.Signal(34 + 3) // SIGRTMIN+3
	sigPowerOff = unix.Signal(34 + 4)
	sigReboot   = unix.Signal(34 + 5)
)

// actions are what the signals that end a zone ask for.
var actions = map[os.Signal]int{
	unix.SIGTERM: unix.LINUX_REBOOT_CMD_POWER_OFF, unix.SIGPWR: unix.LINUX_REBOOT_CMD_POWER_OFF,
	sigHalt: unix.LINUX_REBOOT_CMD_POWER_OFF, sigPowerOff: unix.LINUX_REBOOT_CMD_POWER_OFF,
	unix.SIGINT: unix.LINUX_REBOOT_CMD_RESTART, sigReboot: unix.LINUX_REBOOT_CMD_RESTART,
}

// Run is the life of PID 1. It returns only when the kernel does not let it end
// the zone.
func Run() error {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, unix.SIGCHLD, unix.SIGHUP)
	for sig := range actions {
		signal.Notify(signals, sig)
	}
	leaveTerminal()
	i := &initProcess{}
	i.report(prepare())
	i.report(i.boot())
	go i.offerLogin()
	for sig := range signals {
		if sig == unix.SIGCHLD {
			i.reap()
		} else if how, ok := actions[sig]; ok {
			return i.stop(signals, how)
		}
	}
	return nil
}

type initProcess struct {
	children
}

// leaveTerminal gives the console up as our controlling terminal, so that the
// shell of a login can have it.
func leaveTerminal() {
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return // there is none
	}
	unix.IoctlSetInt(fd, unix.TIOCNOTTY, 0) //nolint:errcheck // logins on the console go without job control then
	unix.Close(fd)
}

// prepare gives the zone what is new at each boot.
func prepare() error {
	var at, root unix.Stat_t
	if unix.Stat("/run", &at) != nil || unix.Stat("/", &root) != nil {
		return nil
	}
	if at.Dev == root.Dev {
		if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755,size=16m"); err != nil {
			return fmt.Errorf("mount /run: %w", err)
		}
	}
	if err := os.Mkdir("/run/lock", 0o755); err == nil {
		os.Chmod("/run/lock", 0o1777|os.ModeSticky) //nolint:errcheck // it is ours
	}
	f, err := os.OpenFile("/run/utmp", os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

// boot starts the child that does a boot's work.
func (i *initProcess) boot() error {
	_, err := i.start("/proc/self/exe", []string{Name, BootArg}, &syscall.ProcAttr{
		Dir: "/", Env: Environ(), Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return fmt.Errorf("boot: %w", err)
	}
	return nil
}

// report tells the console.
func (i *initProcess) report(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", Name, err)
	}
}
