package host_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/smartbox-os/smartbox/internal/host"
)

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, size := range []int{0, 1, 15, 16, 17, 4096, 4112, 100_000} {
		want := bytes.Repeat([]byte("x"), size)
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, buf := range [][]byte{nil, make([]byte, 16), make([]byte, 3, 5000)} {
			if got, err := host.ReadFile(path, buf); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes into %d: %d, %v", size, cap(buf), len(got), err)
			}
		}
	}
	if _, err := host.ReadFile(path+"x", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := host.ReadFile(filepath.Dir(path), nil); err == nil {
		t.Error("read a directory")
	}
}

func TestBootID(t *testing.T) {
	a, err := host.BootID()
	if b, _ := host.BootID(); err != nil || len(a) != 36 || a != b {
		t.Errorf("%q, %q, %v", a, b, err)
	}
}
