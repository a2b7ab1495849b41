package copytree_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/copytree"
	"github.com/smartbox-os/smartbox/internal/testenv"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCopy(t *testing.T) {
	testenv.RequireRoot(t)
	from, to := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	must(t, os.MkdirAll(filepath.Join(from, "d", "empty"), 0o755))
	at := func(name string) string { return filepath.Join(from, name) }
	must(t, os.WriteFile(at("f"), []byte("text"), 0o600))
	must(t, os.Chown(at("f"), 12, 34))
	must(t, os.Chmod(at("f"), 0o640|fs.ModeSetuid))
	must(t, unix.Setxattr(at("f"), "trusted.x", []byte{0, 1}, 0))
	must(t, os.Link(at("f"), at("d/same")))
	must(t, os.Symlink("/etc/passwd", at("link")))
	must(t, unix.Mkfifo(at("fifo"), 0o600))
	must(t, unix.Mknod(at("null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	hole, err := os.Create(at("hole"))
	must(t, err)
	_, err = hole.WriteAt([]byte("x"), 64<<20)
	must(t, err)
	must(t, hole.Close())
	old := time.Unix(1_000_000_000, 5)
	must(t, os.Chtimes(at("d"), old, old))
	must(t, os.Chmod(at("d"), 0o711))

	must(t, copytree.Copy(t.Context(), from, to))
	count := 0
	must(t, filepath.WalkDir(from, func(path string, _ fs.DirEntry, err error) error {
		must(t, err)
		count++
		rel, _ := filepath.Rel(from, path)
		var a, b unix.Stat_t
		must(t, unix.Lstat(path, &a))
		must(t, unix.Lstat(filepath.Join(to, rel), &b))
		if a.Mode != b.Mode || a.Uid != b.Uid || a.Gid != b.Gid || a.Size != b.Size && a.Mode&unix.S_IFMT != unix.S_IFDIR ||
			a.Mtim != b.Mtim || a.Rdev != b.Rdev || a.Nlink != b.Nlink {
			t.Errorf("%s:\n%+v\n%+v", rel, a, b)
		}
		if rel == "hole" && b.Blocks > 1000 {
			t.Errorf("the hole was filled: %d blocks", b.Blocks)
		}
		return nil
	}))
	if count != 9 {
		t.Errorf("compared %d", count)
	}
	value := make([]byte, 10)
	if n, err := unix.Getxattr(filepath.Join(to, "f"), "trusted.x", value); err != nil || n != 2 {
		t.Errorf("xattr: %d, %v", n, err)
	}
	if text, _ := os.ReadFile(filepath.Join(to, "f")); string(text) != "text" {
		t.Errorf("content %q", text)
	}
	if target, _ := os.Readlink(filepath.Join(to, "link")); target != "/etc/passwd" {
		t.Errorf("link to %s", target)
	}
}

func TestCopy_refuses(t *testing.T) {
	from := t.TempDir()
	if err := copytree.Copy(t.Context(), from, t.TempDir()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a directory: %v", err)
	}
	if err := copytree.Copy(t.Context(), filepath.Join(from, "none"), filepath.Join(from, "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := copytree.Copy(ctx, from, filepath.Join(from, "x")); !errors.Is(err, context.Canceled) {
		t.Errorf("after ^C: %v", err)
	}
}
