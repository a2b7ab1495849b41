package zpool_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// fill writes up to size bytes to a file and reports how many went in.
func fill(t testing.TB, path string, size int) (int, error) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	chunk := make([]byte, 1<<20)
	for i := range chunk {
		chunk[i] = byte(i * 7)
	}
	done := 0
	for done < size {
		n, err := f.Write(chunk)
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, f.Sync()
}

func wantQuota(t *testing.T, what, path string, most int) {
	t.Helper()
	n, err := fill(t, path, 2*most)
	if !errors.Is(err, unix.EDQUOT) || n > most {
		t.Errorf("%s: wrote %d bytes, %v; want EDQUOT by %d", what, n, err, most)
	}
	// A full quota must not keep its owner from making room.
	if err := os.Remove(path); err != nil {
		t.Errorf("%s: remove a file when the quota is full: %v", what, err)
	}
}

const mb = 1 << 20

func TestQuota_enforced(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	quota := zpool.CreateOptions{Props: map[string]string{"quota": "20M"}}
	must(t, h.Create(ctx, "zones/a", quota))
	wantQuota(t, "new dataset", filepath.Join(root.Pool("zones/a"), "f"), 20*mb)

	// A clone is charged what it adds, not what it shares.
	must(t, h.Create(ctx, "zones/image", zpool.CreateOptions{}))
	if _, err := fill(t, filepath.Join(root.Pool("zones/image"), "big"), 64*mb); err != nil {
		t.Fatal(err)
	}
	must(t, h.Snapshot(ctx, []string{"zones/image@final"}, zpool.SnapshotOptions{}))
	must(t, h.Clone(ctx, "zones/image@final", "zones/c", quota))
	if _, err := fill(t, filepath.Join(root.Pool("zones/c"), "ok"), 10*mb); err != nil {
		t.Errorf("a clone cannot write below its quota: %v", err)
	}
	wantQuota(t, "clone", filepath.Join(root.Pool("zones/c"), "f"), 20*mb)

	// What was written before a rollback still counts.
	must(t, h.Create(ctx, "zones/r", quota))
	if _, err := fill(t, filepath.Join(root.Pool("zones/r"), "before"), 15*mb); err != nil {
		t.Fatal(err)
	}
	must(t, h.Snapshot(ctx, []string{"zones/r@s"}, zpool.SnapshotOptions{}))
	must(t, h.Rollback(ctx, "zones/r@s", zpool.RollbackOptions{}))
	wantQuota(t, "after rollback", filepath.Join(root.Pool("zones/r"), "f"), 10*mb)

	// A parent's quota holds for its children, also for one that moved in.
	must(t, h.Create(ctx, "zones/p", quota))
	must(t, h.Create(ctx, "zones/p/child", zpool.CreateOptions{}))
	wantQuota(t, "child", filepath.Join(root.Pool("zones/p/child"), "f"), 20*mb)
	must(t, h.Create(ctx, "zones/q", quota))
	must(t, h.Create(ctx, "zones/free", zpool.CreateOptions{}))
	must(t, h.Rename(ctx, "zones/free", "zones/q/moved", zpool.RenameOptions{}))
	wantQuota(t, "moved", filepath.Join(root.Pool("zones/q/moved"), "f"), 20*mb)
	must(t, h.Rename(ctx, "zones/q/moved", "zones/free", zpool.RenameOptions{}))
	if _, err := fill(t, filepath.Join(root.Pool("zones/free"), "f"), 40*mb); err != nil {
		t.Errorf("a dataset that moved out still has a quota: %v", err)
	}

	must(t, h.Set(ctx, "zones/a", map[string]string{"quota": "none"}))
	if _, err := fill(t, filepath.Join(root.Pool("zones/a"), "f"), 40*mb); err != nil {
		t.Errorf("write without quota: %v", err)
	}
	err := h.Set(ctx, "zones/a", map[string]string{"quota": "10M"})
	if !errors.Is(err, zpool.ErrNoSpace) {
		t.Errorf("quota below what is used: %v", err)
	}
	must(t, h.Create(ctx, "zones/ref", zpool.CreateOptions{Props: map[string]string{"refquota": "12M"}}))
	wantQuota(t, "refquota", filepath.Join(root.Pool("zones/ref"), "f"), 12*mb)
}

// A zone can make subvolumes in its dataset; they must not escape the quota,
// and must not keep the dataset from being destroyed.
func TestQuota_nestedSubvolume(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	testenv.RequireCommand(t, "btrfs")
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{Props: map[string]string{"quota": "20M"}}))
	for _, name := range []string{"sub", "sub/deeper"} {
		out, err := exec.Command("btrfs", "subvolume", "create", filepath.Join(root.Pool("zones/a"), name)).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	wantQuota(t, "nested", filepath.Join(root.Pool("zones/a"), "sub/deeper/f"), 20*mb)
	must(t, h.Destroy(ctx, "zones/a", zpool.DestroyOptions{}))
}

// Zones write through idmapped mounts in a user namespace of their own.
func TestQuota_idmapped(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{Props: map[string]string{"quota": "20M"}}))
	target := t.TempDir()
	must(t, os.Chmod(filepath.Dir(target), 0o755))
	mountShifted(t, root.Pool("zones/a"), target)
	cmd := exec.Command("dd", "if=/dev/zero", "of="+filepath.Join(target, "f"), "bs=1M", "count=40", "conv=fsync")
	cmd.SysProcAttr = shifted()
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("40 MB fit into a quota of 20 MB: %s", out)
	}
	info, err := os.Stat(filepath.Join(root.Pool("zones/a"), "f"))
	if err != nil || info.Size() > 20*mb {
		t.Errorf("file: %v, %v; want at most 20 MB\n%s", info, err, out)
	}
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(root.Pool("zones/a"), "f"), &st); err != nil || st.Uid != 0 {
		t.Errorf("owner of the file: %d, %v; want 0", st.Uid, err)
	}
}

const shiftBase = 1 << 20

func shifted() *syscall.SysProcAttr {
	ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: shiftBase, Size: 65536}}
	return &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER, UidMappings: ids, GidMappings: ids,
		Credential: &syscall.Credential{},
	}
}

// mountShifted mounts dir on target, ids moved to where shifted has them.
func mountShifted(t *testing.T, dir, target string) {
	t.Helper()
	holder := exec.Command("sleep", "60")
	holder.SysProcAttr = shifted()
	must(t, holder.Start())
	defer func() {
		holder.Process.Kill()
		holder.Wait()
	}()
	ns, err := os.Open("/proc/" + strconv.Itoa(holder.Process.Pid) + "/ns/user")
	must(t, err)
	defer ns.Close()
	fd, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	must(t, err)
	defer unix.Close(fd)
	must(t, unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, &unix.MountAttr{
		Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(ns.Fd()),
	}))
	must(t, unix.MoveMount(fd, "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH))
	t.Cleanup(func() {
		if err := unix.Unmount(target, 0); err != nil {
			t.Error(err)
		}
	})
}
