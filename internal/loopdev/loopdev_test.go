package loopdev

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAttach_findAndVanish(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "disk")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	dev, err := Device(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Device(link)
	if err != nil || again.Name() != dev.Name() {
		t.Fatalf("the same file got a second device: %v, %v", again, err)
	}
	if got := Backing(dev.Name()); got != path {
		t.Errorf("behind %s is %q, want %s", dev.Name(), got, path)
	}
	if got := Backing(path); got != path {
		t.Errorf("behind a plain file is %q", got)
	}
	again.Close()
	dev.Close()
	for range 100 {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		left, err := Find(f)
		f.Close()
		if err == nil && left == nil {
			return
		}
		left.Close()
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the device did not vanish with its last user")
}
