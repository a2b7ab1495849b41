package beneath

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// newTree is a tree beside a file that nothing may touch.
func newTree(t *testing.T) (tree *Tree, dir string) {
	t.Helper()
	top := t.TempDir()
	dir = filepath.Join(top, "tree")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(top, "outside"), []byte("safe"), 0o600); err != nil {
		t.Fatal(err)
	}
	tree, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tree.Close()
		left, err := os.ReadDir(top)
		if data, _ := os.ReadFile(filepath.Join(top, "outside")); err != nil || len(left) != 2 || string(data) != "safe" {
			t.Errorf("outside changed: %v %v %q", left, err, data)
		}
	})
	return tree, dir
}

func attr(mode uint32) Attr {
	return Attr{UID: os.Geteuid(), GID: os.Getegid(), Mode: mode, MTime: time.Unix(1e9, 0)}
}

func put(t *testing.T, tree *Tree, name, content string) error {
	t.Helper()
	f, err := tree.Create(name)
	if err != nil {
		return err
	}
	if _, err := f.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	return f.Finish(attr(0o640))
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		".": ".", "./": ".", "./a": "a", "a//b/./c/": "a/b/c", "a/...": "a/...",
	} {
		if got, err := Clean(in); got != want || err != nil {
			t.Errorf("Clean(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "/", "/a", "..", "../a", "a/../b", "a/..", "a\x00b",
		strings.Repeat("a", 256), strings.Repeat("a/", 2100),
	} {
		if got, err := Clean(in); err == nil {
			t.Errorf("Clean(%.20q) = %q, want an error", in, got)
		}
	}
}

func TestTree_makesParentsAndReplaces(t *testing.T) {
	tree, dir := newTree(t)
	steps := []error{
		put(t, tree, "a/b/c", "one"),
		tree.Symlink("c", "a/b/link", attr(0)),
		put(t, tree, "a/b/link", "two"), // replaces the link, not what it names
		tree.Mkdir("a/b/c", attr(0o750)),
		tree.Mkdir("a/b/c", attr(0o700)), // stays, takes the mode
		tree.Symlink("/etc", "d", attr(0)),
		tree.Mkdir("d", attr(0o755)),
		put(t, tree, "d/passwd", "mine"),
		tree.Link("d/passwd", "a/hard"),
		tree.Fifo("a/fifo", attr(0o622)),
		tree.Touch(".", time.Unix(5, 0)),
	}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"a/b/link": "-rw-r-----", "a/b/c": "drwx------", "d/passwd": "-rw-r-----", "a/hard": "-rw-r-----", "a/fifo": "prw--w--w-",
	} {
		st, err := os.Lstat(filepath.Join(dir, name))
		if err != nil || st.Mode().String() != want {
			t.Errorf("%s: %v, %v; want %s", name, st.Mode(), err, want)
		}
	}
	if st, _ := os.Stat(dir); !st.ModTime().Equal(time.Unix(5, 0)) {
		t.Errorf("time of the tree is %v", st.ModTime())
	}
}

func TestTree_followsOnlyLinksThatStayBelow(t *testing.T) {
	tree, dir := newTree(t)
	if err := errors.Join(
		tree.Mkdir("usr/lib", attr(0o755)),
		tree.Symlink("usr/lib", "lib", attr(0)),
		put(t, tree, "lib/x", "x"),
	); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "usr/lib/x")); err != nil {
		t.Error(err)
	}
	for link, target := range map[string]string{
		"abs": "/tmp", "up": "..", "deep": "usr/../../..", "proc": "/proc/self/root",
	} {
		if err := tree.Symlink(target, link, attr(0)); err != nil {
			t.Fatal(err)
		}
		for op, err := range map[string]error{
			"create":  put(t, tree, link+"/outside", "evil"),
			"mkdir":   tree.Mkdir(link+"/outside/d", attr(0o777)),
			"symlink": tree.Symlink("x", link+"/outside", attr(0)),
			"link to": tree.Link("lib/x", link+"/outside"),
			"link of": tree.Link(link+"/outside", "stolen"),
			"fifo":    tree.Fifo(link+"/outside", attr(0o777)),
			"touch":   tree.Touch(link+"/outside", time.Unix(1, 0)),
		} {
			if !errors.Is(err, ErrEscapes) {
				t.Errorf("%s through %s -> %s: %v, want ErrEscapes", op, link, target, err)
			}
		}
	}
	if err := tree.Symlink("loop", "loop", attr(0)); err != nil {
		t.Fatal(err)
	}
	if err := put(t, tree, "loop/x", ""); err == nil {
		t.Error("wrote through a loop")
	}
}

func TestTree_forgetsDirectoriesThatWereReplaced(t *testing.T) {
	tree, _ := newTree(t)
	if err := errors.Join(
		tree.Mkdir("a/b", attr(0o755)),
		put(t, tree, "a/b/f", ""), // a/b is cached now
	); err != nil {
		t.Fatal(err)
	}
	if err := tree.Symlink("../..", "a/b", attr(0)); !errors.Is(err, ErrNotEmpty) {
		t.Fatalf("replaced a full directory: %v", err)
	}
	if err := errors.Join(
		tree.Mkdir("e/b", attr(0o755)),
		tree.Touch("e/b/none", time.Unix(1, 0)),
	); !errors.Is(err, unix.ENOENT) {
		t.Fatal(err)
	}
	if err := tree.Symlink("../..", "e/b", attr(0)); err != nil {
		t.Fatal(err)
	}
	if err := put(t, tree, "e/b/outside", "evil"); !errors.Is(err, ErrEscapes) {
		t.Errorf("wrote through the link that replaced a cached directory: %v", err)
	}
}

func TestTree_survivesMoreDirectoriesThanItCaches(t *testing.T) {
	tree, dir := newTree(t)
	for i := range 3 * maxCached {
		name := strings.Repeat("d", i%7+1) + string(rune('a'+i%26)) + strings.Repeat("x", i)
		if err := errors.Join(put(t, tree, name+"/f", "x"), tree.Link(name+"/f", name+"2/g")); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, name+"2/g")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFile_leavesHoles(t *testing.T) {
	tree, dir := newTree(t)
	f, err := tree.Create("sparse")
	if err != nil {
		t.Fatal(err)
	}
	f.Skip(1 << 20)
	if _, err := f.Write([]byte("end")); err != nil {
		t.Fatal(err)
	}
	f.Skip(1 << 20)
	if err := f.Finish(attr(0o600)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "sparse"))
	if err != nil || len(data) != 2<<20+3 || string(data[1<<20:1<<20+3]) != "end" {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

func TestRead_staysInsideAndRefusesOddFiles(t *testing.T) {
	tree, _ := newTree(t)
	if err := errors.Join(
		put(t, tree, "bin/sh", "elf"),
		tree.Symlink("/bin/sh", "init", attr(0)),           // absolute: from the tree's top
		tree.Symlink("../../../outside", "up", attr(0)),    // cannot rise above it
		tree.Symlink("/proc/self/environ", "env", attr(0)), // nothing there inside
		tree.Fifo("fifo", attr(0o600)),                     // would block
	); err != nil {
		t.Fatal(err)
	}
	f, err := tree.Read("init")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 4)
	if n, _ := f.Read(b); string(b[:n]) != "elf" {
		t.Errorf("read %q", b[:n])
	}
	for _, name := range []string{"up", "env", "fifo", "bin", "none"} {
		if f, err := tree.Read(name); err == nil {
			f.Close()
			t.Errorf("Read(%s) worked", name)
		}
	}
}

func TestOpen_refusesALink(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("/etc", filepath.Join(dir, "l")); err != nil {
		t.Fatal(err)
	}
	if tree, err := Open(filepath.Join(dir, "l")); err == nil {
		tree.Close()
		t.Error("opened a link")
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a/../../b")
	f.Add("./a//b/.")
	f.Fuzz(func(t *testing.T, name string) {
		got, err := Clean(name)
		if err == nil && !filepath.IsLocal(got) {
			t.Errorf("Clean(%q) = %q is not local", name, got)
		}
	})
}
