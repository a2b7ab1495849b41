package zinit

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long processes have between SIGTERM and SIGKILL.
const patience = 10 * time.Second

// stop ends all processes and then the zone.
func (i *initProcess) stop(signals <-chan os.Signal, how int) error {
	fmt.Fprintf(os.Stderr, "%s: the zone goes down\n", Name)
	unix.Kill(-1, unix.SIGTERM) //nolint:errcheck // perhaps there is nobody
	unix.Kill(-1, unix.SIGHUP)  //nolint:errcheck // interactive shells ignore SIGTERM
	unix.Kill(-1, unix.SIGCONT) //nolint:errcheck // the stopped shall hear it too
	if !i.alone(signals, patience) {
		unix.Kill(-1, unix.SIGKILL) //nolint:errcheck // perhaps there is nobody
		i.alone(signals, time.Second)
	}
	unix.Sync()
	if err := unix.Reboot(how); err != nil {
		return fmt.Errorf("end the zone: %w", err)
	}
	return nil
}

// alone waits until no other process is left.
func (i *initProcess) alone(signals <-chan os.Signal, most time.Duration) bool {
	over := time.After(most)
	look := time.NewTicker(20 * time.Millisecond) // some are not our children
	defer look.Stop()
	for {
		i.reap()
		if errors.Is(unix.Kill(-1, 0), unix.ESRCH) {
			return true
		}
		select {
		case <-signals:
		case <-look.C:
		case <-over:
			return false
		}
	}
}
