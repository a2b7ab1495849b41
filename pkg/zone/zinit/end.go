package zinit

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// EndOptions say how a zone ends itself.
type EndOptions struct {
	Reboot bool
	Force  bool // at once, not by init
}

// ErrNoZone says that this is no zone whose init is ours.
var ErrNoZone = errors.New("ends sparse zones only; this system has another init")

// isLive reports whether this is the in-memory system, whose init takes the
// signals of busybox; see pkg/platform.
func isLive() bool {
	_, err := os.Stat("/etc/smartbox/platform")
	return err == nil
}

// End asks the zone's init to end the zone.
func End(o EndOptions) error {
	name, err := os.ReadFile("/proc/1/comm")
	if err != nil {
		return fmt.Errorf("look at init: %w", err)
	}
	sig, how := unix.SIGTERM, unix.LINUX_REBOOT_CMD_POWER_OFF
	switch is := strings.TrimSpace(string(name)); {
	case is == "init" && isLive():
		sig = unix.SIGUSR2
	case is != Name:
		return ErrNoZone
	}
	if o.Reboot {
		sig, how = unix.SIGINT, unix.LINUX_REBOOT_CMD_RESTART
	}
	if o.Force {
		unix.Sync()
		err = unix.Reboot(how)
	} else {
		err = unix.Kill(1, sig)
	}
	if err != nil {
		return fmt.Errorf("end the zone: %w", err)
	}
	return nil
}
