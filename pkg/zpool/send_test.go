package zpool_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// bigNames is how many files the large directory of makeTree has; a third of
// them goes in changeTree.
const bigNames = 900

// makeTree fills dir with one of everything.
func makeTree(t testing.TB, dir string) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	write := func(name string, size int) {
		p := make([]byte, size)
		for i := range p {
			p[i] = byte(r.Uint32())
		}
		must(t, os.WriteFile(filepath.Join(dir, name), p, 0o644))
	}
	must(t, os.MkdirAll(filepath.Join(dir, "a/b/c"), 0o750))
	for _, size := range []int{0, 1, 511, 512, 513, 4096, 5000, 131071, 131072, 131073, 262144, 1000000} {
		write(fmt.Sprintf("a/size%d", size), size)
	}
	must(t, os.Mkdir(filepath.Join(dir, "big"), 0o755))
	for i := range bigNames {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("big/file-%d-%s", i, strings.Repeat("n", i%60))), nil, 0o600))
	}
	must(t, os.WriteFile(filepath.Join(dir, "a", strings.Repeat("l", 255)), []byte("long"), 0o600))
	must(t, os.Symlink("short", filepath.Join(dir, "link")))
	must(t, os.Symlink(strings.Repeat("x/", 1000), filepath.Join(dir, "longlink")))
	must(t, os.Link(filepath.Join(dir, "a/size5000"), filepath.Join(dir, "a/b/hard")))
	must(t, unix.Mkfifo(filepath.Join(dir, "fifo"), 0o622))
	must(t, unix.Mknod(filepath.Join(dir, "null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	must(t, unix.Mknod(filepath.Join(dir, "sock"), unix.S_IFSOCK|0o755, 0))
	must(t, os.Chown(filepath.Join(dir, "a/size1"), 70000, 1<<31))
	must(t, os.Chmod(filepath.Join(dir, "a/size4096"), os.ModeSetuid|0o4755))
	must(t, unix.Chmod(filepath.Join(dir, "a/size4096"), 0o4755))
	must(t, os.Chtimes(filepath.Join(dir, "a/size513"), time.Unix(-5, 7), time.Unix(1<<33, 123456789)))
	setXattr(t, filepath.Join(dir, "a/size0"), "user.small", 3)
	setXattr(t, filepath.Join(dir, "a/size1"), "user.large", 9000)
	setXattr(t, filepath.Join(dir, "a/b"), "trusted.dir", 200)
	f, err := os.Create(filepath.Join(dir, "sparse"))
	must(t, err)
	_, err = f.WriteAt([]byte("in the middle"), 700000)
	must(t, err)
	must(t, f.Truncate(3<<20))
	must(t, f.Close())
}

func setXattr(t testing.TB, path, name string, size int) {
	t.Helper()
	must(t, unix.Setxattr(path, name, bytes.Repeat([]byte{'x'}, size), 0))
}

// changeTree changes one of everything.
func changeTree(t testing.TB, dir string) {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.WriteFile(at("a/size5000"), []byte("new content"), 0o600))
	must(t, os.Truncate(at("a/size262144"), 100))
	must(t, os.Truncate(at("a/size513"), 300000))
	f, err := os.OpenFile(at("a/size1000000"), os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt([]byte("patched"), 500000)
	must(t, err)
	must(t, unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 131072, 262144))
	must(t, f.Close())
	must(t, os.Truncate(at("a/size131073"), 131072))
	must(t, os.Rename(at("a/b"), at("moved")))
	must(t, os.Remove(at("link")))
	must(t, os.Mkdir(at("link"), 0o700))
	must(t, os.WriteFile(at("link/in"), []byte("in"), 0o600))
	must(t, os.Remove(at("fifo")))
	must(t, os.Symlink("now a link", at("fifo")))
	must(t, os.Chmod(at("a/size511"), 0o711))
	must(t, unix.Removexattr(at("a/size0"), "user.small"))
	setXattr(t, at("a/size512"), "user.new", 100)
	for i := range bigNames / 3 {
		must(t, os.Remove(at(fmt.Sprintf("big/file-%d-%s", i*3, strings.Repeat("n", i*3%60)))))
	}
	must(t, os.MkdirAll(at("fresh/deep/er"), 0o755))
	must(t, os.WriteFile(at("fresh/deep/er/f"), bytes.Repeat([]byte("fresh"), 100000), 0o644))
	must(t, os.Link(at("a/size1"), at("fresh/another")))
	must(t, os.RemoveAll(at("moved/c")))
}

// sent is a stream in memory.
func sent(t testing.TB, h *zpool.Host, snapshot string, o dataset.SendOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := h.Send(context.Background(), snapshot, &b, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func receiveAll(t testing.TB, h *zpool.Host, into string, stream []byte, o zpool.ReceiveOptions) {
	t.Helper()
	o.Report = func(r dataset.Received) {
		for _, n := range r.Notes {
			t.Error(n)
		}
	}
	if err := h.Receive(context.Background(), into, bytes.NewReader(stream), o); err != nil {
		t.Fatal(err)
	}
}

func sameTrees(t testing.TB, root paths.Root, a, b string) {
	t.Helper()
	got, want := treeOf(t, root.Pool(b)), treeOf(t, root.Pool(a))
	compareTrees(t, got, want)
}

// What is sent comes back the same, whole and by increments, and equal
// snapshots make equal streams.
func TestSend_roundTrip(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	makeTree(t, root.Pool("zones/a"))
	must(t, h.Snapshot(ctx, []string{"zones/a@1"}, zpool.SnapshotOptions{}))
	full := sent(t, h, "zones/a@1", dataset.SendOptions{})
	if again := sent(t, h, "zones/a@1", dataset.SendOptions{}); !bytes.Equal(full, again) {
		t.Error("the same snapshot made two streams")
	}
	receiveAll(t, h, "zones/b", full, zpool.ReceiveOptions{})
	sameTrees(t, root, "zones/a", "zones/b")
	changeTree(t, root.Pool("zones/a"))
	must(t, h.Snapshot(ctx, []string{"zones/a@2"}, zpool.SnapshotOptions{}))
	step := sent(t, h, "zones/a@2", dataset.SendOptions{From: "@1"})
	receiveAll(t, h, "zones/b", step, zpool.ReceiveOptions{Force: true})
	sameTrees(t, root, "zones/a", "zones/b")
	whole := sent(t, h, "zones/a@2", dataset.SendOptions{})
	receiveAll(t, h, "zones/c", whole, zpool.ReceiveOptions{})
	sameTrees(t, root, "zones/a", "zones/c")
	if len(step) >= len(whole) {
		t.Errorf("the increment has %d bytes, all of it %d", len(step), len(whole))
	}
}

// cloneTree describes the files of a snapshot.
func cloneTree(t testing.TB, root paths.Root, h *zpool.Host, snapshot string) map[string]line {
	t.Helper()
	must(t, h.Clone(context.Background(), snapshot, "zones/look", zpool.CreateOptions{}))
	defer func() { must(t, h.Destroy(context.Background(), "zones/look", zpool.DestroyOptions{})) }()
	return treeOf(t, root.Pool("zones/look"))
}
