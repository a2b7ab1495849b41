package guest

import (
	"os/exec"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/pkg/platform/testguest"
)

// TestOpenZFS runs the tests of pools and datasets against the real thing.
func TestOpenZFS(t *testing.T) {
	if all() {
		if out, err := exec.Command("../../scripts/zfs-guest.sh").CombinedOutput(); err != nil {
			t.Skipf("OpenZFS cannot be built here: %s", out)
		}
	}
	o := testguest.OpenZFS(t)
	o.Timeout = 20 * time.Minute // without KVM, on a busy machine
	suites := []testguest.Suite{
		testguest.Package("./pkg/zpool", "^TestConformance|^TestOracle"),
		testguest.Package("./pkg/zpool/zfs", ""),
	}
	if all() { // hundreds of commands
		suites = append(suites, testguest.Package("./cmd", "^TestTwins"))
	}
	testguest.Run(t, o, suites...)
}
