package zpool_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// realZFS is a pool of OpenZFS beside the one on btrfs.
type realZFS struct{ t *testing.T }

func newRealZFS(t *testing.T) realZFS {
	t.Helper()
	testenv.RequireGuest(t)
	if _, err := os.Stat("/dev/zfs"); err != nil {
		t.Skipf("needs OpenZFS in the guest: %v", err)
	}
	z := realZFS{t}
	for _, module := range []string{"loop", "btrfs"} {
		z.run(nil, "modprobe", module)
	}
	file := filepath.Join(t.TempDir(), "real.img")
	must(t, os.WriteFile(file, nil, 0o600))
	must(t, os.Truncate(file, 1<<30))
	z.run(nil, "/sbin/zpool", "create", "-O", "compression=off", "-O", "acltype=posix", "-O", "xattr=sa", "-O", "atime=off",
		"-O", "mountpoint="+filepath.Join(t.TempDir(), "real"), "real", file)
	t.Cleanup(func() { z.run(nil, "/sbin/zpool", "destroy", "-f", "real") })
	return z
}

func (z realZFS) run(in []byte, program string, args ...string) []byte {
	z.t.Helper()
	cmd := exec.Command(program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		z.t.Fatalf("%s %s: %v: %s", program, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.Bytes()
}

func (z realZFS) zfs(in []byte, args ...string) []byte {
	z.t.Helper()
	return z.run(in, "/sbin/zfs", args...)
}

// at is where a dataset is mounted.
func (z realZFS) at(name string) string {
	z.t.Helper()
	return strings.TrimSpace(string(z.zfs(nil, "get", "-Ho", "value", "mountpoint", name)))
}

// scrub makes sure that the pool has no error.
func (z realZFS) scrub() {
	z.t.Helper()
	z.run(nil, "/sbin/zpool", "scrub", "-w", "real")
	if out := z.run(nil, "/sbin/zpool", "status", "-v", "real"); !strings.Contains(string(out), "No known data errors") {
		z.t.Errorf("%s", out)
	}
}

// OpenZFS receives what is sent here, whole and by increments, goes on using
// it, and what it sends back is the same here.
func TestOracle_bothWays(t *testing.T) {
	z := newRealZFS(t)
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	makeTree(t, root.Pool("zones/a"))
	must(t, h.Snapshot(ctx, []string{"zones/a@1"}, zpool.SnapshotOptions{}))
	z.zfs(sent(t, h, "zones/a@1", dataset.SendOptions{}), "receive", "real/a")
	compareTrees(t, treeOf(t, z.at("real/a")), treeOf(t, root.Pool("zones/a")))

	changeTree(t, root.Pool("zones/a"))
	must(t, h.Snapshot(ctx, []string{"zones/a@2"}, zpool.SnapshotOptions{}))
	z.zfs(sent(t, h, "zones/a@2", dataset.SendOptions{From: "@1"}), "receive", "-F", "real/a")
	compareTrees(t, treeOf(t, z.at("real/a")), treeOf(t, root.Pool("zones/a")))
	z.scrub()

	// It goes on being used there: every kind of table is added to and cut.
	changeReal(t, z.at("real/a"))
	z.zfs(nil, "snapshot", "real/a@3")
	back := z.zfs(nil, "send", "-R", "real/a@3")
	receiveAll(t, h, "zones/back", back, zpool.ReceiveOptions{Exclude: []string{"mountpoint"}})
	compareTrees(t, treeOf(t, root.Pool("zones/back")), treeOf(t, z.at("real/a")))
	z.zfs(nil, "rollback", "-r", "real/a@1")
	compareTrees(t, treeOf(t, z.at("real/a")), cloneTree(t, root, h, "zones/a@1"))
	z.scrub()
}

// changeReal changes files of a tree that came from makeTree and changeTree.
func changeReal(t *testing.T, dir string) {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, name) }
	names, err := os.ReadDir(at("big"))
	must(t, err)
	for _, e := range names[:len(names)/2] {
		must(t, os.Remove(at("big/"+e.Name())))
	}
	for _, name := range []string{"big/added", "link/added", "added", "a/" + strings.Repeat("m", 200)} {
		must(t, os.WriteFile(at(name), []byte(name), 0o644))
	}
	must(t, os.Rename(at("a/size5000"), at("fresh/renamed")))
	must(t, os.RemoveAll(at("moved")))
	must(t, os.Symlink("a", at("newlink")))
	setXattr(t, at("a/size4096"), "user.added", 50)
	setXattr(t, at("a/size1"), "user.second", 30)
	f, err := os.OpenFile(at("a/size1000000"), os.O_RDWR|os.O_APPEND, 0)
	must(t, err)
	_, err = f.WriteString("appended")
	must(t, err)
	must(t, f.Close())
}
