package testguest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The guest must tell a passed test from a failed one, a program that cannot be
// started, and must itself be missed when it dies. What fails is run in a test
// binary of its own, since a test cannot expect a subtest's failure.
func TestRun_toldApart(t *testing.T) {
	if os.Getenv("SMARTBOX_TESTGUEST_INNER") != "" {
		Run(t, Options{},
			Suite{Name: "good", Argv: []string{"echo", "hello guest"}},
			Suite{Name: "bad", Argv: []string{"sh", "-c", "exit 3"}},
			Suite{Name: "deadly", Argv: []string{"sh", "-c", "echo c >/proc/sysrq-trigger"}},
			Suite{Name: "after", Argv: []string{"true"}})
		return
	}
	if testing.Short() {
		t.Skip("boots a guest")
	}
	o := Options{}
	require(t, &o)
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestRun_toldApart$", "-test.v")
	cmd.Env = append(os.Environ(), "SMARTBOX_TESTGUEST_INNER=1")
	cmd.Dir, _ = os.Getwd()
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("a guest that died is no failure")
	}
	for _, want := range []string{
		"--- PASS: TestRun_toldApart/good", "hello guest",
		"--- FAIL: TestRun_toldApart/bad", "it ended with code 3",
		"--- FAIL: TestRun_toldApart/deadly", "it did not end",
		"--- FAIL: TestRun_toldApart/after", "it did not run",
		"the guest died; its console:", "Kernel panic",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "guest[0-9]*")); len(left) > 0 {
		t.Logf("other guests' or left behind: %v", left)
	}
}
