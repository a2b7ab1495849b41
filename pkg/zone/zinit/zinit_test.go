package zinit

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestHasPassword(t *testing.T) {
	for text, want := range map[string]bool{
		"root:*:1:0:::::\n":            false,
		"root:!:1:0:::::\n":            false,
		"root:!$6$x$y:1:0:::::\n":      false, // locked
		"root::1:0:::::\n":             false,
		"root:$6$salt$hash:1:0:::::\n": true,
		"u:$6$salt$hash:1:0:::::\n":    false,
		"u:*::\nroot:$y$j9T$a$b:1::\n": true,
	} {
		file := filepath.Join(t.TempDir(), "shadow")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := hasPassword(file); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if hasPassword(filepath.Join(t.TempDir(), "none")) {
		t.Error("a password without a file")
	}
	if os.Geteuid() != 0 && !hasPassword("/root/shadow") {
		t.Error("a file that cannot be read opens the door")
	}
}

func TestEnd_onlyInAZone(t *testing.T) {
	if err := End(EndOptions{}); !errors.Is(err, ErrNoZone) {
		t.Errorf("got %v", err)
	}
}

func TestActions_endInReboot(t *testing.T) {
	for sig, how := range actions {
		if how != unix.LINUX_REBOOT_CMD_POWER_OFF && how != unix.LINUX_REBOOT_CMD_RESTART {
			t.Errorf("%v: %#x", sig, how)
		}
	}
}
