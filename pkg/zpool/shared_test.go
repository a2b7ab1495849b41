package zpool_test

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// Where mounts are shared, as systemd has them, a dataset's mount does not come
// out a second time on the tree of the one above it.
func TestMounts_belowASharedRoot(t *testing.T) {
	testenv.RequireRoot(t)
	root := testenv.Root(t)
	top := root.Join()
	must(t, unix.Mount(top, top, "", unix.MS_BIND, ""))
	t.Cleanup(func() { must(t, unix.Unmount(top, unix.MNT_DETACH)) })
	must(t, unix.Mount("", top, "", unix.MS_SHARED, ""))
	h := zpooltest.Pool(t, root)
	for _, name := range []string{"zones/a", "zones/a/b"} {
		must(t, h.Create(t.Context(), name, zpool.CreateOptions{}))
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	must(t, err)
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, top+"/run/") && strings.Contains(line, "/trees/") {
			t.Errorf("mounted twice: %s", line)
		}
	}
	must(t, h.Destroy(t.Context(), "zones/a", zpool.DestroyOptions{Recursive: true}))
}
