package torture

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

const smallImage = "0badc0de-0000-4000-8000-00000000000f"

// smallImageFiles writes an image of some megabytes, so that a kill can meet
// the middle of it, and returns its path without the endings.
func smallImageFiles(t *testing.T) string {
	t.Helper()
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	for i := range 200 {
		body := bytes.Repeat([]byte{byte(i)}, 64<<10)
		h := &tar.Header{Name: fmt.Sprintf("usr/share/f%d", i), Mode: 0o644, Size: int64(len(body)), Typeflag: tar.TypeReg}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	manifest := fmt.Sprintf(`{"v":2,"uuid":%q,"owner":"00000000-0000-0000-0000-000000000000","name":"small","version":"1",
"type":"lx-dataset","os":"linux","state":"active","disabled":false,"public":true,"published_at":"2026-01-01T00:00:00Z",
"files":[{"sha1":"%x","size":%d,"compression":"none"}],"requirements":{"brand":"lx"}}`, smallImage, sha1.Sum(data.Bytes()), data.Len())
	path := filepath.Join(t.TempDir(), "small")
	for ending, text := range map[string][]byte{".tar": data.Bytes(), ".json": []byte(manifest)} {
		if err := os.WriteFile(path+ending, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}
