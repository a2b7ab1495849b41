package zone

import (
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/mnt"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// After a boot of the host the pool is known but not in use, and whoever asks
// for zones first must see them.
func TestWake_afterAReboot(t *testing.T) {
	testenv.RequireRoot(t)
	root := testenv.Root(t)
	zpooltest.Pool(t, root)
	h := New(root, slog.New(slog.DiscardHandler))
	for _, ask := range []func() error{
		func() error { _, err := h.Load("a"); return err },
		func() error {
			list, err := h.List()
			if err == nil && len(list) != 1 {
				err = errors.New("the zone is not listed")
			}
			return err
		},
		func() error { return h.Prepare(t.Context()) },
	} {
		if _, err := os.Stat(h.file("a")); errors.Is(err, os.ErrNotExist) {
			if err := h.Create(t.Context(), &Config{Name: "a", Path: "/zones/a", Brand: "joyent", IPType: "exclusive"}); err != nil {
				t.Fatal(err)
			}
		}
		unmountBelow(t, string(root))
		if _, err := os.Stat(h.file("a")); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("still mounted: %v", err)
		}
		if err := ask(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(h.file("a")); err != nil {
			t.Errorf("the configuration did not come back: %v", err)
		}
	}
}

func unmountBelow(t *testing.T, dir string) {
	t.Helper()
	mounts, err := mnt.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range slices.Backward(mounts) {
		if strings.HasPrefix(m.Path, dir+"/") {
			if err := unix.Unmount(m.Path, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
}
