package atomicfile

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// writerEnv makes this test binary write a file until it is killed.
const writerEnv = "ATOMICFILE_TEST_WRITE"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerEnv); path != "" {
		for i := byte('a'); ; i = 'a' + (i-'a'+1)%26 {
			if err := Write(path, bytes.Repeat([]byte{i}, 1<<16), 0o640); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}
	os.Exit(m.Run())
}

// only checks that a directory has these files.
func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range entries {
		have = append(have, e.Name())
	}
	if strings.Join(have, " ") != strings.Join(names, " ") {
		t.Errorf("the directory has %q, want %q", have, names)
	}
}

func has(t *testing.T, path, text string, perm os.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != text {
		t.Errorf("%s has %q, %v, want %q", path, got, err, text)
	}
	if st, err := os.Lstat(path); err != nil || st.Mode() != perm {
		t.Errorf("%s: %v, %v", path, st.Mode(), err)
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, text := range []string{"long text", "short", "", "again"} {
		if err := Write(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		has(t, path, text, 0o640)
	}
	only(t, dir, "file")
	if err := Write(filepath.Join(dir, "none", "file"), nil, 0o600); err == nil || !strings.HasPrefix(err.Error(), "write ") {
		t.Errorf("into a directory that is not there: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "dir"), nil, 0o600); err == nil {
		t.Error("over a directory")
	}
	only(t, dir, "dir", "file")
	t.Chdir(dir)
	if err := Write("file", []byte("relative"), 0o600); err != nil {
		t.Error(err)
	}
	has(t, path, "relative", 0o600)
}

func TestWrite_takesOverWhatAKilledOneLeft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(filepath.Join(dir, ".file.tmp"), bytes.Repeat([]byte("x"), 1<<20), 0o400); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	has(t, path, "new", 0o644)
	only(t, dir, "file")
}

// Nothing that stands at the temporary file's name is written through.
func TestWrite_aroundWhatIsNotOurs(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("alive"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, plant := range map[string]func(at string) error{
		"link":      func(at string) error { return os.Symlink(outside, at) },
		"hard link": func(at string) error { return os.Link(outside, at) },
		"directory": func(at string) error { return os.Mkdir(at, 0o755) },
		"fifo":      func(at string) error { return syscall.Mkfifo(at, 0o600) },
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "file")
		if err := plant(filepath.Join(dir, ".file.tmp")); err != nil {
			t.Fatal(err)
		}
		if err := Write(path, []byte("new"), 0o600); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		has(t, path, "new", 0o600)
		only(t, dir, ".file.tmp", "file")
		has(t, outside, "alive", 0o600)
	}
}

func TestWrite_replacesALink(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("alive"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "file")
	if err := os.Symlink(outside, path); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	has(t, path, "new", 0o600)
	has(t, outside, "alive", 0o600)
}

// Writers that know nothing of each other write whole files.
func TestWrite_inParallel(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				if err := Write(path, bytes.Repeat([]byte{byte('a' + i)}, 10_000+i), 0o600); err != nil {
					t.Error(err)
				}
				got, err := os.ReadFile(path)
				if err != nil || len(got) < 10_000 || len(got) != 10_000+int(got[0]-'a') || len(bytes.Trim(got, string(got[:1]))) != 0 {
					t.Errorf("a reader sees %d bytes, %v", len(got), err)
				}
			}
		})
	}
	wg.Wait()
	only(t, dir, "file")
}

// However often a writer is killed, one unfinished file is left at most, and
// none after the next write.
func TestWrite_killedAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	left := 0
	for i := range 30 {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), writerEnv+"="+path)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(10+i) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait() //nolint:errcheck // it was killed
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) > 2 {
			t.Fatalf("left: %v, %v", entries, err)
		}
		if _, err := os.Lstat(filepath.Join(dir, ".file.tmp")); err == nil {
			left++
		}
		got, err := os.ReadFile(path)
		if err == nil && (len(got) != 1<<16 || len(bytes.Trim(got, string(got[:1]))) != 0) {
			t.Fatalf("half a file: %d bytes", len(got))
		}
	}
	t.Logf("an unfinished file was left %d times of 30", left)
	if err := Write(path, []byte("end"), 0o600); err != nil {
		t.Fatal(err)
	}
	only(t, dir, "file")
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, text := range []string{"one", "two"} {
		if err := Replace(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		has(t, path, text, 0o644)
	}
	if err := Symlink("target", path); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(path); err != nil || to != "target" {
		t.Errorf("%s, %v", to, err)
	}
	only(t, dir, "file")
	if err := Replace(filepath.Join(dir, "none", "file"), nil, 0o600); err == nil {
		t.Error("into a directory that is not there")
	}
	if err := Symlink("x", filepath.Join(dir, "none", "file")); err == nil {
		t.Error("a link in a directory that is not there")
	}
}
