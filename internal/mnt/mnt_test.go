package mnt

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Somebody in a zone puts a link where the host is going to mount or unmount.
func TestPlace_followsNoLink(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/link", "/link/new", "/link/../new/x/../../link/y"} {
		if f, err := Place(root, path); err == nil {
			f.Close()
			t.Errorf("Place(%s) followed a link", path)
		} else if !isLink(err) {
			t.Errorf("Place(%s): %v", path, err)
		}
	}
	if left, _ := os.ReadDir(outside); len(left) > 0 {
		t.Errorf("made outside: %v", left)
	}
	if err := Unmount(root, "/link/x", false); !isLink(err) {
		t.Errorf("Unmount below a link: %v", err)
	}
	f, err := Place(root, "/a/../b/c")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if info, err := os.Stat(filepath.Join(root, "b/c")); err != nil || !info.IsDir() {
		t.Errorf("b/c: %v, %v", info, err)
	}
	if mounted, err := IsRoot(root, "/b/c"); mounted || err != nil {
		t.Errorf("IsRoot of a plain directory: %v, %v", mounted, err)
	}
	if mounted, err := IsRoot(root, "/no/such"); mounted || err != nil {
		t.Errorf("IsRoot of nothing: %v, %v", mounted, err)
	}
}

// isLink reports whether an error is the kernel's about a link.
func isLink(err error) bool { return errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) }
