// Package zpooltest gives tests a throw-away pool.
package zpooltest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Size of the sparse file behind a pool.
const Size = 4 << 30

// Pool makes the pool zones of a root, in a sparse file that takes no room,
// and destroys it when the test ends. It skips the test when this machine
// can have no pool.
func Pool(t testing.TB, root paths.Root) *zpool.Host {
	t.Helper()
	return PoolSized(t, root, Size)
}

// PoolSized is Pool with a file of size bytes.
func PoolSized(t testing.TB, root paths.Root, size int64) *zpool.Host {
	t.Helper()
	testenv.RequireRoot(t)
	testenv.RequireCommand(t, "mkfs.btrfs")
	testenv.RequireFilesystem(t, "btrfs")
	file := filepath.Join(t.TempDir(), "zones.img")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, size); err != nil {
		t.Fatal(err)
	}
	h := zpool.New(root, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err := h.CreatePool(context.Background(), zpool.SystemPool, zpool.PoolOptions{Devices: []string{file}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.DestroyPool(context.Background(), zpool.SystemPool, true); err != nil {
			t.Error(err)
		}
	})
	return h
}
