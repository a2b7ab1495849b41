// Package testenv is what privileged tests share: checks of what this machine
// can do, skips that state their reason, throw-away roots.
package testenv

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/paths"
)

// IsRoot reports whether tests may use root's powers: the tests run as root,
// and nobody asked for those without ("make check" does).
func IsRoot() bool {
	return os.Geteuid() == 0 && os.Getenv("SMARTBOX_TEST_UNPRIVILEGED") == ""
}

// RequireRoot skips the test unless it runs as root with its capabilities.
func RequireRoot(t testing.TB) {
	t.Helper()
	if !IsRoot() {
		t.Skip("needs root")
	}
}

// guestMark is there in the test guest; see package testguest.
const guestMark = "/run/smartbox-test-guest"

// InGuest reports whether the tests run in the test guest, where nothing of
// value can be harmed.
func InGuest() bool {
	_, err := os.Stat(guestMark)
	return err == nil
}

// RequireGuest skips the test outside of the test guest.
func RequireGuest(t testing.TB) {
	t.Helper()
	if !InGuest() {
		t.Skip("runs in the test guest (make test-guest)")
	}
}

// RequireCommand skips the test when a program of the host is missing.
func RequireCommand(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("needs the program %s: %v", name, err)
		}
	}
}

// RequireFilesystem skips the test when the kernel does not know a file system.
func RequireFilesystem(t testing.TB, name string) {
	t.Helper()
	known, err := os.ReadFile("/proc/filesystems")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(known)) {
		if f := strings.Fields(line); f[len(f)-1] == name {
			return
		}
	}
	t.Skipf("needs the file system %s, which this kernel lacks", name)
}

// Root is a throw-away root for one test.
func Root(t testing.TB) paths.Root {
	t.Helper()
	return paths.Root(t.TempDir())
}
