package btrfs

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestReadSuper(t *testing.T) {
	mkfs, err := exec.LookPath("mkfs.btrfs")
	if err != nil {
		t.Skip("needs mkfs.btrfs")
	}
	path := filepath.Join(t.TempDir(), "disk")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(256 << 20); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSuper(f); !errors.Is(err, ErrNoBtrfs) {
		t.Errorf("an empty file: %v", err)
	}
	const uuid = "01234567-89ab-cdef-0123-456789abcdef"
	if out, err := exec.Command(mkfs, "-q", "-L", "pool", "-U", uuid, path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s, err := ReadSuper(f)
	if err != nil || s.Label != "pool" || s.UUID.String() != uuid || s.TotalBytes != 256<<20 || s.Devices != 1 {
		t.Errorf("superblock: %+v, %v", s, err)
	}
	if err := WipeSuper(f); err != nil {
		t.Fatal(err)
	}
	for _, off := range superOffsets[:2] {
		b := make([]byte, superSize)
		if _, err := f.ReadAt(b, off); err != nil {
			t.Fatal(err)
		}
		if _, err := parseSuper(b); !errors.Is(err, ErrNoBtrfs) {
			t.Errorf("a superblock is left at %d", off)
		}
	}
}

func FuzzParseSuper(f *testing.F) {
	valid := make([]byte, superSize)
	copy(valid[offMagic:], superMagic)
	f.Add(valid)
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := parseSuper(b); err == nil && bytes.ContainsRune([]byte(s.Label), 0) {
			t.Errorf("label %q", s.Label)
		}
	})
}

func FuzzWalk(f *testing.F) {
	f.Add(make([]byte, 64), uint32(2))
	f.Fuzz(func(t *testing.T, b []byte, items uint32) {
		walk(b, items, func(it item) {
			if len(it.data) > len(b) {
				t.Error("an item is longer than what it lies in")
			}
		})
	})
}
