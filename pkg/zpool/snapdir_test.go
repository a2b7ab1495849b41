package zpool_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

func TestOpenSnapshot(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := context.Background()
	if err := h.Create(ctx, "zones/a", zpool.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root.Join("zones/a"), "file")
	if err := os.WriteFile(file, []byte("then"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.Snapshot(ctx, []string{"zones/a@s"}, zpool.SnapshotOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("now"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir, err := h.OpenSnapshot(ctx, "zones/a@s")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	fd, err := unix.Openat(int(dir.Fd()), "file", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	buf := make([]byte, 10)
	if n, err := unix.Read(fd, buf); err != nil || string(buf[:n]) != "then" {
		t.Errorf("it has %q, %v", buf[:n], err)
	}
	if fd, err := unix.Openat(int(dir.Fd()), "file", unix.O_WRONLY|unix.O_CLOEXEC, 0); err == nil {
		unix.Close(fd)
		t.Error("it can be written")
	}
	for name, want := range map[string]error{
		"zones/a": zpool.ErrBadName, "zones/a@none": zpool.ErrNotFound, "zones/none@s": zpool.ErrNotFound, "none/a@s": zpool.ErrNoPool,
	} {
		if dir, err := h.OpenSnapshot(ctx, name); !errors.Is(err, want) {
			t.Errorf("%s: %v, %v, want %v", name, dir, err, want)
		}
	}
}
