package enter

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// A zone's init may pass controllers on below the zone's group of version 2, as
// systemd does. That group takes no processes then, and who enters needs a leaf
// beside those of init. The zone can be before us at a name and make an inner
// group of it, so a second one is tried that it cannot foresee.
const (
	leafName  = ".zlogin"
	leafTries = 2
)

// isInner reports whether a fork failed for that.
func (c *cgroups) isInner(err error) bool {
	return c.v2 >= 0 && (errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EOPNOTSUPP))
}

// descend makes c.v2 a leaf below the zone's group; it goes with that.
func (c *cgroups) descend(try int) error {
	name := leafName
	if try > 0 {
		name += "-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatUint(rand.Uint64(), 36)
	}
	if err := unix.Mkdirat(c.zone, name, 0o755); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("make a leaf in the zone's cgroup: %w", err)
	}
	fd, err := unix.Openat(c.zone, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open a leaf in the zone's cgroup: %w", err)
	}
	if c.v2 != c.zone {
		unix.Close(c.v2)
	}
	c.v2 = fd
	return nil
}
