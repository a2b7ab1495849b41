package live

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

// A machine has one id for good; what is no id is replaced by one.
func TestIdentity(t *testing.T) {
	root := testenv.Root(t)
	if err := os.MkdirAll(root.Usbkey(), 0o755); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(root.Usbkey(), "machine-id")
	boot := func() string {
		t.Helper()
		file := filepath.Join(t.TempDir(), "machine-id")
		if err := identity(root, file); err != nil {
			t.Fatal(err)
		}
		id, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(id)
	}
	first := boot()
	if len(first) != 33 || boot() != first {
		t.Errorf("%q, then %q", first, boot())
	}
	for _, damaged := range []string{"", "uninitialized\n", "0123\n", first[:31] + "x\n"} {
		if err := os.WriteFile(kept, []byte(damaged), 0o644); err != nil {
			t.Fatal(err)
		}
		if id := boot(); len(id) != 33 || id == first || id != boot() {
			t.Errorf("%q became %q", damaged, id)
		}
	}
	if err := os.RemoveAll(root.Usbkey()); err != nil {
		t.Fatal(err)
	}
	if err := identity(root, kept); err == nil {
		t.Error("an id that cannot be kept is no error")
	}
}
