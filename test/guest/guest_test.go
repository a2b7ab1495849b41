package guest

import (
	"os"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/pkg/platform/testguest"
)

// all reports whether everything is to be run, which takes long without KVM.
func all() bool { return os.Getenv("SMARTBOX_TEST_GUEST") == "all" }

// platform are suites that have a disk to divide, and are PID 1's.
var platform = []testguest.Suite{
	testguest.Package("./pkg/platform/esp", ""),
	testguest.Package("./pkg/platform/kmod", ""),
	testguest.Package("./pkg/platform/pid1", ""),
}

// TestCgroupsV2 has control groups v2 alone, as current distributions do, and
// the kinds of links that other kernels may lack.
func TestCgroupsV2(t *testing.T) {
	suites := []testguest.Suite{
		testguest.Package("./pkg/zone/cgroup", ""),
		testguest.Package("./pkg/zone/jail", ""),
		testguest.Package("./pkg/zone/enter", "Leaf"),
		testguest.Package("./pkg/zone/super", "^TestLimits|^TestDevices|^TestNesting"),
		testguest.Package("./pkg/vnic", "^TestGuest_|TestAttach_overATag|TestAttach_vlanOverALink"),
	}
	if all() {
		suites = []testguest.Suite{
			testguest.Package("./pkg/zone/cgroup", ""),
			testguest.Package("./pkg/zone/jail", ""),
			testguest.Package("./pkg/zone/enter", ""),
			testguest.Package("./pkg/vnic", ""),
			testguest.Package("./pkg/zone/super", ""),
			testguest.Package("./pkg/zone", ""),
		}
	}
	suites = append(suites, platform...)
	testguest.Run(t, testguest.Options{
		Memory: 1024, Scratch: 8 << 30, Timeout: 30 * time.Minute,
		Disks: []int64{2 << 30}, Modules: []string{"vfat", "nls_cp437", "nls_ascii"},
	}, suites...)
}

// TestPrivileged is the other packages with tests that need root.
func TestPrivileged(t *testing.T) {
	if !all() {
		t.Skip("takes long: make test-guest runs it")
	}
	var suites []testguest.Suite
	for _, pkg := range []string{
		"./internal/beneath", "./internal/copytree", "./internal/host", "./internal/loopdev", "./internal/mnt",
		"./pkg/img/archive", "./pkg/img/builtin", "./pkg/img", "./pkg/zpool/btrfs", "./pkg/zpool", "./pkg/vm",
	} {
		suites = append(suites, testguest.Package(pkg, ""))
	}
	testguest.Run(t, testguest.Options{Memory: 1536, Scratch: 16 << 30, Timeout: 40 * time.Minute}, suites...)
}
