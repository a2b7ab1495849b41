package esp

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/platform/media"
)

func TestPart(t *testing.T) {
	for disk, want := range map[string]string{"/dev/vda": "/dev/vda2", "/dev/nvme0n1": "/dev/nvme0n1p2", "/dev/mmcblk1": "/dev/mmcblk1p2"} {
		if got := part(disk, 2); got != want {
			t.Errorf("%s: %s", disk, got)
		}
	}
}

// divided is a file with the tables of a disk.
func divided(t *testing.T, size int64) (*os.File, error) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "disk"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return f, divide(f, "seed")
}

func TestDivide(t *testing.T) {
	f, err := divided(t, 2<<30+512)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := media.ReadGPT(f)
	if err != nil {
		t.Fatal(err)
	}
	boot, pool := parts[0], parts[1]
	if !boot.ESP || boot.Name != "boot" || boot.First != 2048 || (boot.Last-boot.First+1)*512 != espBytes {
		t.Errorf("boot: %+v", boot)
	}
	if pool.ESP || pool.Name != "pool" || pool.First != boot.Last+1 || pool.Last >= (2<<30+512)/512-34 || pool.First%2048 != 0 {
		t.Errorf("pool: %+v", pool)
	}
	if parts[2].First != 0 {
		t.Errorf("a third: %+v", parts[2])
	}
	if n, err := find(f.Name()); n != 1 || err != nil {
		t.Errorf("found %d, %v", n, err)
	}
	// The copy at the end begins with the same entries.
	ends := make([]byte, 8)
	if _, err := f.ReadAt(ends, 2<<30); err != nil || string(ends) != "EFI PART" {
		t.Errorf("the disk's last sector: %q, %v", ends, err)
	}
}

func TestDivide_tooSmall(t *testing.T) {
	if _, err := divided(t, 512<<20); err == nil || !strings.Contains(err.Error(), "536 MB, which is too little") {
		t.Error(err)
	}
}

func TestFind_none(t *testing.T) {
	name := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(name, make([]byte, 64<<10), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := find(name); err == nil || !strings.Contains(err.Error(), "no GUID partition table") {
		t.Error(err)
	}
	if _, err := Of(name); !errors.Is(err, ErrNone) {
		t.Errorf("a file: %v", err)
	}
	if _, err := Of(name + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// On a disk of a guest: divided, given a loader, a newer one, none.
func TestLoader_onADisk(t *testing.T) {
	testenv.RequireGuest(t)
	const disk = "/dev/vda"
	if _, err := Of(disk); !errors.Is(err, ErrNone) {
		t.Errorf("a whole disk: %v", err)
	}
	pool, err := Partition(disk)
	if err != nil || pool != "/dev/vda2" {
		t.Fatalf("%s, %v", pool, err)
	}
	dev, err := Of(pool)
	if err != nil || dev != "/dev/vda1" {
		t.Fatalf("%s, %v", dev, err)
	}
	is := func(want bool) {
		t.Helper()
		if got, err := Installed(dev); got != want || err != nil {
			t.Errorf("installed: %v, %v", got, err)
		}
	}
	is(false)
	loader := func(word string) []byte {
		return append([]byte("MZ\nPRETTY_NAME=\"smartbox "+word+"\"\n"), make([]byte, 40<<20)...)
	}
	for _, word := range []string{"one", "two", "three"} { // there is always room for the next
		if err := Install(dev, loader(word)); err != nil {
			t.Fatal(err)
		}
		is(true)
	}
	read := func() (text string) {
		if err := mounted(dev, unix.MS_RDONLY, func(root string) error {
			data, err := os.ReadFile(filepath.Join(root, loaderFile))
			text = string(data[:min(40, len(data))])
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return text
	}
	if !strings.Contains(read(), "three") {
		t.Error("an old loader is there")
	}
	// One that does not fit leaves what was there.
	if err := Install(dev, make([]byte, 250<<20)); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("too large: %v", err)
	}
	if !strings.Contains(read(), "three") {
		t.Error("a loader that did not fit harmed the one that was there")
	}
	for range 2 {
		if err := Remove(dev); err != nil {
			t.Fatal(err)
		}
	}
	is(false)
	foreign(t, dev)
	// A disk that is in use is left alone.
	if err := mounted(dev, 0, func(string) error {
		_, err := Partition(disk)
		return err
	}); err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("in use: %v", err)
	}
}

// foreign puts somebody else's loader there, which must be left alone.
func foreign(t *testing.T, dev string) {
	t.Helper()
	if err := mounted(dev, 0, func(root string) error {
		return os.WriteFile(filepath.Join(root, loaderFile), []byte("MZ of another"), 0o644)
	}); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"install": func() error { return Install(dev, []byte("MZ")) }, "remove": func() error { return Remove(dev) },
	} {
		if err := do(); !errors.Is(err, errForeign) {
			t.Errorf("%s over another system's: %v", name, err)
		}
	}
	if is, err := Installed(dev); is || err != nil {
		t.Errorf("another system's counts as ours: %v, %v", is, err)
	}
}
