package pid1

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"

	"golang.org/x/sys/unix"
)

// Worker is the name by which the binary knows that it is PID 1's child.
const Worker = "init-worker"

// What the worker ends with, for PID 1 to do.
const (
	CodePowerOff = 64 + iota
	CodeReboot
	CodeKexec
)

// rebootCommands are the kernel's words for them.
var rebootCommands = map[int]int{
	CodePowerOff: unix.LINUX_REBOOT_CMD_POWER_OFF,
	CodeReboot:   unix.LINUX_REBOOT_CMD_RESTART,
	CodeKexec:    unix.LINUX_REBOOT_CMD_KEXEC,
}

// forwarded are the signals that ask the worker to end the system.
var forwarded = []os.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGPWR, unix.SIGUSR1, unix.SIGUSR2}

// Run is the life of PID 1. It does not return.
func Run() {
	began := uptime()
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, append([]os.Signal{unix.SIGCHLD}, forwarded...)...)
	unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF) //nolint:errcheck // Ctrl-Alt-Del then reboots at once
	setEnvironment()
	if err := errors.Join(mountAll(), offerModules()); err != nil {
		say("%v", err)
		rescue()
	}
	note("kernel", began)
	how, err := supervise(signals)
	if err != nil {
		say("%v", err)
		rescue()
		how = CodeReboot
	}
	end(how)
}

// offerModules makes the program that the kernel calls for modules, this one. It
// does not lie in the image, for the kernel would call it before there is
// anything to answer.
func offerModules() error {
	err := os.Symlink("/init", "/sbin/modprobe")
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}

// setEnvironment is what programs may expect; the kernel gives HOME and TERM.
func setEnvironment() {
	unix.Umask(0o022)
	for name, value := range map[string]string{
		"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "TERM": "vt220",
	} {
		os.Setenv(name, value) //nolint:errcheck // constant names
	}
}

// supervise starts the worker, reaps everything, and returns how the worker
// wants the system to end.
func supervise(signals <-chan os.Signal) (int, error) {
	worker := exec.Command("/proc/self/exe")
	worker.Args = []string{Worker}
	worker.Stdin, worker.Stdout, worker.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := worker.Start(); err != nil {
		return 0, fmt.Errorf("start the worker: %w", err)
	}
	for sig := range signals {
		if sig != unix.SIGCHLD {
			worker.Process.Signal(sig) //nolint:errcheck // it is gone: its SIGCHLD comes next
			continue
		}
		for {
			var status unix.WaitStatus
			pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
			if err != nil || pid <= 0 {
				break
			}
			if pid == worker.Process.Pid {
				return verdict(status)
			}
		}
	}
	return 0, nil
}

func verdict(status unix.WaitStatus) (int, error) {
	if _, ok := rebootCommands[status.ExitStatus()]; ok && status.Exited() {
		return status.ExitStatus(), nil
	}
	if status.Signaled() {
		return 0, fmt.Errorf("the worker was ended by %v", status.Signal())
	}
	return 0, fmt.Errorf("the worker ended with code %d", status.ExitStatus())
}

// say writes to the console, where it is seen even when nothing else works.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "\nsmartbox: "+format+"\n", args...)
}
