package pid1

import (
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long processes have between being asked and being killed.
const patience = 2 * time.Second

// end ends every process, writes everything to disks, and the system.
func end(code int) {
	everybody(unix.SIGTERM)
	everybody(unix.SIGKILL)
	unix.Sync()
	if err := unix.Reboot(rebootCommands[code]); err != nil {
		say("reboot: %v", err)
	}
	// No kernel loaded for kexec, or a machine that cannot be switched off.
	unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART) //nolint:errcheck // nothing is left to try
	unix.Reboot(unix.LINUX_REBOOT_CMD_HALT)    //nolint:errcheck // the same
	for {
		time.Sleep(time.Hour)
	}
}

// everybody sends a signal to all processes and waits until none is left.
func everybody(sig unix.Signal) {
	if unix.Kill(-1, sig) != nil {
		return // there is nobody
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		for {
			pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
			if err != nil {
				return // no child, so nobody
			}
			if pid <= 0 {
				break
			}
		}
	}
}

// shells are what a rescue prompt may be.
var shells = []string{"/bin/sh", "/bin/bash", "/usr/bin/busybox"}

// rescue offers a shell on the console until it is left.
func rescue() {
	for _, shell := range shells {
		if _, err := os.Stat(shell); err != nil {
			continue
		}
		say("this is a rescue shell; leaving it reboots")
		cmd := exec.Command(shell)
		cmd.Args = []string{"sh"}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
		if err := cmd.Run(); err == nil {
			return
		}
		say("%s: it failed", shell)
		return
	}
	say("there is no shell; rebooting in 10 seconds")
	time.Sleep(10 * time.Second)
}
