package zstream_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// golden is one entry of the golden data's index.
type golden struct {
	Stream     string   `json:"stream"`
	Expect     string   `json:"expect"`
	Manifest   string   `json:"manifest"`
	Snapshot   string   `json:"snapshot"`
	ApplyAfter []string `json:"apply_after"`
}

// goldenDir finds the streams that real ZFS wrote: too many for the
// repository, so they lie beside it, or where SMARTBOX_SHARED says.
func goldenDir(t testing.TB) string {
	t.Helper()
	dirs := []string{os.Getenv("SMARTBOX_SHARED")}
	for dir, _ := os.Getwd(); dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		dirs = append(dirs, filepath.Join(dir, "shared"))
	}
	for _, dir := range dirs {
		dir = filepath.Join(dir, "testdata", "zfs-streams")
		if _, err := os.Stat(filepath.Join(dir, "index.json")); err == nil {
			return dir
		}
	}
	t.Skip("needs the golden ZFS streams: set SMARTBOX_SHARED to the folder that holds testdata/zfs-streams")
	return ""
}

func goldenIndex(t testing.TB, dir string) []golden {
	t.Helper()
	var all []golden
	data, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// openGzip reads a stream as it is stored.
func openGzip(t testing.TB, path string) io.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// unzip is the whole content of openGzip.
func unzip(t testing.TB, path string) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := b.ReadFrom(openGzip(t, path)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
