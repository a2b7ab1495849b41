package guest

import (
	"testing"

	"github.com/smartbox-os/smartbox/pkg/platform/testguest"
)

// TestDtrace has a kernel of a distribution, which can stop at its functions.
func TestDtrace(t *testing.T) {
	suites := []testguest.Suite{
		testguest.Package("./pkg/dtrace/probe", "^TestFunction"),
		testguest.Package("./pkg/dtrace", "^TestKernelFunctions|^TestRun$|^TestSched$"),
	}
	if all() {
		suites = []testguest.Suite{testguest.Package("./pkg/dtrace/probe", ""), testguest.Package("./pkg/dtrace", "")}
	}
	testguest.Run(t, testguest.Options{Memory: 1024, Scratch: 1 << 30}, suites...)
}
