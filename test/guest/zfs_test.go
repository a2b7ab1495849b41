package guest

import (
	"os/exec"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/platform/testguest"
)

// TestOpenZFS runs the tests of pools and datasets against the real thing.
func TestOpenZFS(t *testing.T) {
	if all() {
		if out, err := exec.Command("../../scripts/zfs-guest.sh").CombinedOutput(); err != nil {
			t.Skipf("OpenZFS cannot be built here: %s", out)
		}
	}
	testguest.Run(t, testguest.OpenZFS(t),
		testguest.Package("./pkg/zpool", "^TestConformance|^TestOracle"),
		testguest.Package("./pkg/zpool/zfs", ""),
	)
}
