package zpool_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// A file that is open keeps what it had; the path shows the snapshot at once.
func TestRollback_whileInUse(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	must(t, h.Create(ctx, "zones/a/child", zpool.CreateOptions{}))
	file := filepath.Join(root.Pool("zones/a"), "f")
	must(t, os.WriteFile(file, []byte("old"), 0o644))
	must(t, h.Snapshot(ctx, []string{"zones/a@s"}, zpool.SnapshotOptions{}))
	must(t, os.WriteFile(file, []byte("new"), 0o644))
	open, err := os.Open(file)
	must(t, err)
	defer open.Close()
	must(t, h.Rollback(ctx, "zones/a@s", zpool.RollbackOptions{}))
	wantFile(t, file, "old")
	kept := make([]byte, 3)
	if _, err := open.ReadAt(kept, 0); err != nil || string(kept) != "new" {
		t.Errorf("the open file holds %q, %v", kept, err)
	}
	check(t, root, h, "after a rollback in use")
	must(t, h.Snapshot(ctx, []string{"zones/a@t"}, zpool.SnapshotOptions{}))
	must(t, os.WriteFile(file, []byte("more"), 0o644))
	must(t, h.Rollback(ctx, "zones/a@s", zpool.RollbackOptions{Recursive: true}))
	wantFile(t, file, "old")
}

// What is busy is refused, and then all is as it was; force lets it go.
func TestBusy(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a/b", zpool.CreateOptions{Parents: true}))
	must(t, h.Create(ctx, "zones/a/c", zpool.CreateOptions{}))
	busy, err := os.Open(root.Pool("zones/a/b"))
	must(t, err)
	defer busy.Close()
	for name, do := range map[string]func() error{
		"unmount": func() error { return h.Unmount(ctx, "zones/a", false) },
		"destroy": func() error { return h.Destroy(ctx, "zones/a", zpool.DestroyOptions{Recursive: true}) },
		"rename":  func() error { return h.Rename(ctx, "zones/a", "zones/z", zpool.RenameOptions{}) },
		"set":     func() error { return h.Set(ctx, "zones/a", map[string]string{"mountpoint": "/z"}) },
		"export":  func() error { return h.ExportPool(ctx, "zones", false) },
	} {
		err := do()
		if !errors.Is(err, zpool.ErrBusy) || !strings.Contains(err.Error(), "cannot unmount '/zones/a/b': pool or dataset is busy") {
			t.Errorf("%s: %v", name, err)
		}
		check(t, root, h, name)
	}
	must(t, h.Destroy(ctx, "zones/a", zpool.DestroyOptions{Recursive: true, Force: true}))
	check(t, root, h, "destroyed by force")
}

func TestMount_flags(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a/b", zpool.CreateOptions{Parents: true}))
	flags := func(name string) int64 {
		var st unix.Statfs_t
		must(t, unix.Statfs(root.Pool(name), &st))
		return st.Flags & (unix.ST_RDONLY | unix.ST_NOEXEC | unix.ST_NOSUID | unix.ST_NODEV | unix.ST_NOATIME)
	}
	if got := flags("zones/a/b"); got != 0 {
		t.Errorf("flags by default: %#x", got)
	}
	must(t, h.Set(ctx, "zones/a", map[string]string{"readonly": "on", "exec": "off", "setuid": "off", "devices": "off", "atime": "off"}))
	want := int64(unix.ST_RDONLY | unix.ST_NOEXEC | unix.ST_NOSUID | unix.ST_NODEV | unix.ST_NOATIME)
	for _, name := range []string{"zones/a", "zones/a/b"} { // inherited, at once
		if got := flags(name); got != want {
			t.Errorf("%s: flags %#x, want %#x", name, got, want)
		}
	}
	if err := os.WriteFile(filepath.Join(root.Pool("zones/a/b"), "f"), nil, 0o644); !errors.Is(err, unix.EROFS) {
		t.Errorf("write to a read-only filesystem: %v", err)
	}
	must(t, h.Inherit(ctx, "zones/a", "readonly", zpool.InheritOptions{}))
	must(t, os.WriteFile(filepath.Join(root.Pool("zones/a/b"), "f"), nil, 0o644))
}

// A link that a zone planted on the way to a mountpoint is not followed.
func TestMount_plantedLink(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	outside := t.TempDir()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	must(t, os.Symlink(outside, filepath.Join(root.Pool("zones/a"), "data")))
	err := h.Create(ctx, "zones/b", zpool.CreateOptions{Props: map[string]string{"mountpoint": "/zones/a/data/x"}})
	if err == nil {
		t.Error("mounted through a link")
	}
	if left, _ := os.ReadDir(outside); len(left) > 0 {
		t.Errorf("made through a link: %v", left)
	}
	if _, err := h.Get(ctx, "zones/b", "name"); !errors.Is(err, zpool.ErrNotFound) {
		t.Errorf("zones/b is half made: %v", err)
	}
}

func TestDatasetAt(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	must(t, h.Create(ctx, "zones/b", zpool.CreateOptions{Props: map[string]string{"mountpoint": "/else/where"}}))
	for path, want := range map[string]string{
		root.Pool("zones/a"): "zones/a", root.Join("else/where"): "zones/b", root.Zones(): "zones/config", root.Pool("zones"): "zones",
	} {
		if got, err := h.DatasetAt(ctx, path); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", path, got, err, want)
		}
	}
	for _, path := range []string{root.Join("no/where"), "/somewhere/else", root.Pool("zones/a/below")} {
		if got, err := h.DatasetAt(ctx, path); !errors.Is(err, zpool.ErrNotFound) {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if got, err := h.Mountpoint(ctx, "zones/b"); err != nil || got != root.Join("else/where") {
		t.Errorf("mountpoint of zones/b: %q, %v", got, err)
	}
}

func TestCompression_acts(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{Props: map[string]string{"compression": "lz4"}}))
	must(t, os.WriteFile(filepath.Join(root.Pool("zones/a"), "zeroes"), []byte(strings.Repeat("same again ", 1<<20)), 0o644))
	must(t, h.Snapshot(ctx, []string{"zones/a@s"}, zpool.SnapshotOptions{}))
	d, err := h.Get(ctx, "zones/a", "used")
	if err != nil || d.Int("used") > 4*mb {
		t.Errorf("11 MB of repetition take %d bytes, %v", d.Int("used"), err)
	}
}
