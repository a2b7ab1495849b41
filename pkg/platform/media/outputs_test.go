package media

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/platform"
)

// smallImage is a directory with an image of a few bytes.
func smallImage(t *testing.T) string {
	t.Helper()
	if err := DebianBlobs.Check(); err != nil {
		t.Skipf("needs what firmware starts: %v", err)
	}
	dir := t.TempDir()
	for _, name := range []string{platform.KernelFile, platform.InitramfsFile} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat(name, 10000)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := platform.NewSigner(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := platform.Seal(dir, platform.Manifest{Stamp: "20260102T030405Z", Release: "6"}, s); err != nil {
		t.Fatal(err)
	}
	return dir
}

// all writes every medium of an image below a directory.
func all(image, dir string) error {
	o := Options{Blobs: DebianBlobs, Console: "ttyS0"}
	return errors.Join(
		WriteISO(image, filepath.Join(dir, ISOFile), o), USB(image, filepath.Join(dir, USBFile), o), PXE(image, filepath.Join(dir, PXEDir), o))
}

// sums is what lies below a directory.
func sums(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	found := map[string][32]byte{}
	if err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(file)
		name, _ := filepath.Rel(dir, file)
		found[name] = sha256.Sum256(data)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// The same image gives every medium the same bytes.
func TestOutputs_sameBytes(t *testing.T) {
	image := smallImage(t)
	one, two := t.TempDir(), t.TempDir()
	if err := errors.Join(all(image, one), all(image, two), all(image, two)); err != nil {
		t.Fatal(err)
	}
	first, second := sums(t, one), sums(t, two)
	for name, sum := range first {
		if second[name] != sum {
			t.Errorf("%s differs", name)
		}
	}
	if len(first) != 6 || len(second) != 6 { // ISO, USB image, and four files for the network
		t.Errorf("%d and %d files", len(first), len(second))
	}
}

// A disk that is full says so, and leaves no half of anything.
func TestOutputs_fullDisk(t *testing.T) {
	testenv.RequireRoot(t)
	image := smallImage(t)
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("needs to mount: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	err := all(image, dir)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), ISOFile) {
		t.Error(err)
	}
	for name := range sums(t, dir) {
		if strings.HasSuffix(name, ".part") || !strings.HasPrefix(name, PXEDir) {
			t.Errorf("left: %s", name)
		}
	}
}
