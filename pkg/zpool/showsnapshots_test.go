package zpool_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

func TestSnapdir(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	at := root.Pool("zones/a")
	dir := filepath.Join(at, ".zfs/snapshot")
	write := func(text string) { t.Helper(); must(t, os.WriteFile(filepath.Join(at, "f"), []byte(text), 0o644)) }
	snap := func(name string) { t.Helper(); must(t, h.Snapshot(ctx, []string{name}, zpool.SnapshotOptions{})) }
	shows := func(want ...string) {
		t.Helper()
		entries, err := os.ReadDir(dir)
		if len(want) == 0 {
			if !errors.Is(err, os.ErrNotExist) {
				t.Errorf("shown: %v, %v; want no directory", entries, err)
			}
			return
		}
		if len(entries) != len(want) {
			t.Errorf("shown: %v, %v; want %v", entries, err, want)
			return
		}
		for i, e := range entries {
			if e.Name() != want[i] {
				t.Errorf("shown: %v, want %v", entries, want)
			}
		}
	}
	write("one")
	snap("zones/a@1")
	shows()
	must(t, h.Set(ctx, "zones/a", map[string]string{"snapdir": "visible"}))
	shows("1")
	write("two")
	wantFile(t, filepath.Join(dir, "1/f"), "one")
	if err := os.WriteFile(filepath.Join(dir, "1/f"), nil, 0o644); !errors.Is(err, unix.EROFS) {
		t.Errorf("write to a snapshot: %v", err)
	}
	snap("zones/a@2")
	shows("1", "2")
	wantFile(t, filepath.Join(dir, "2/f"), "two")
	must(t, h.Rename(ctx, "zones/a@2", "zones/a@zwei", zpool.RenameOptions{}))
	shows("1", "zwei")
	must(t, h.Rollback(ctx, "zones/a@zwei", zpool.RollbackOptions{}))
	shows("1", "zwei")
	must(t, h.Set(ctx, "zones/a", map[string]string{"readonly": "on"}))
	must(t, h.Destroy(ctx, "zones/a@zwei", zpool.DestroyOptions{}))
	shows("1")
	must(t, h.Unmount(ctx, "zones/a", false))
	shows()
	must(t, h.Mount(ctx, "zones/a"))
	shows("1")
	reboot(t, root)
	if _, err := h.Get(ctx, "zones/a", "name"); err != nil {
		t.Fatal(err)
	}
	shows("1")
	must(t, h.Set(ctx, "zones/a", map[string]string{"snapdir": "hidden"}))
	shows()
	if _, err := os.Lstat(filepath.Join(at, ".zfs")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf(".zfs is left: %v", err)
	}
	check(t, root, h, "hidden again")

	// A link in the way is not followed.
	must(t, h.Set(ctx, "zones/a", map[string]string{"readonly": "off"}))
	outside := t.TempDir()
	must(t, os.Symlink(outside, filepath.Join(at, ".zfs")))
	if err := h.Set(ctx, "zones/a", map[string]string{"snapdir": "visible"}); err == nil {
		t.Error("shown through a link")
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("made through a link: %v, %v", left, err)
	}
	must(t, os.Remove(filepath.Join(at, ".zfs")))
	if _, err := h.Get(ctx, "zones/a", "name"); err != nil { // repaired by whoever comes next
		t.Fatal(err)
	}
	shows("1")
}
