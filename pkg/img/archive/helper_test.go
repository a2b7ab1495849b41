package archive

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// item is one entry of a test archive; H's zero fields are filled.
type item struct {
	h    tar.Header
	data string
}

func dir(name string) item {
	return item{h: tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}}
}

func file(name, data string) item {
	return item{h: tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}, data: data}
}

func symlink(name, target string) item {
	return item{h: tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target}}
}

func hardlink(name, target string) item {
	return item{h: tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: target}}
}

func node(name string, flag byte) item {
	return item{h: tar.Header{Name: name, Typeflag: flag, Mode: 0o666, Devmajor: 1, Devminor: 3}}
}

func tarOf(t testing.TB, items ...item) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, it := range items {
		h := it.h
		h.Size = int64(len(it.data))
		if h.ModTime.IsZero() {
			h.ModTime = time.Unix(1e9, 0)
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(it.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sandbox is a directory to unpack into, beside a file that must survive.
func sandbox(t testing.TB) string {
	t.Helper()
	top := t.TempDir()
	root := filepath.Join(top, "zone", "root")
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(top, "outside")
	if err := os.WriteFile(outside, []byte("safe"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := stat(t, outside)
	t.Cleanup(func() {
		data, err := os.ReadFile(outside)
		if err != nil || string(data) != "safe" || stat(t, outside) != before {
			t.Errorf("the file outside changed: %q %v", data, err)
		}
		for dir, want := range map[string]int{top: 2, filepath.Join(top, "zone"): 1} {
			if left, err := os.ReadDir(dir); err != nil || len(left) != want {
				t.Errorf("%s holds %v, %v", dir, left, err)
			}
		}
	})
	return root
}

func stat(t testing.TB, name string) string {
	t.Helper()
	st, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	return st.Mode().String() + st.ModTime().String()
}

func unpack(t testing.TB, data []byte, root string, limits Limits) (Result, error) {
	t.Helper()
	c, err := Open(bytes.NewReader(data), limits)
	if err != nil {
		return Result{}, err
	}
	defer c.Close()
	return Unpack(t.Context(), c, root, limits)
}
