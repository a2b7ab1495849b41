package zpool_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/mnt"
	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// reboot takes every mount below a root away behind the pool's back; the loop
// device vanishes with the last.
func reboot(t *testing.T, root paths.Root) {
	t.Helper()
	mounts, err := mnt.List()
	must(t, err)
	for _, m := range slices.Backward(mounts) {
		if strings.HasPrefix(m.Path, string(root)+"/") {
			must(t, unix.Unmount(m.Path, 0))
		}
	}
}

func TestReboot_poolComesBackByName(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{Props: map[string]string{"quota": "20M"}}))
	must(t, h.Create(ctx, "zones/hand", zpool.CreateOptions{Props: map[string]string{"canmount": "noauto"}}))
	must(t, os.WriteFile(filepath.Join(root.Pool("zones/a"), "f"), []byte("x"), 0o644))
	reboot(t, root)
	if _, err := os.Stat(filepath.Join(root.Pool("zones/a"), "f")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("still mounted: %v", err)
	}
	d, err := h.Get(ctx, "zones/a", "mounted", "quota")
	must(t, err)
	if d.Get("mounted") != "yes" {
		t.Errorf("zones/a is not mounted: %v", d)
	}
	wantFile(t, filepath.Join(root.Pool("zones/a"), "f"), "x")
	wantQuota(t, "after a reboot", filepath.Join(root.Pool("zones/a"), "big"), 20*mb)
	if d, err = h.Get(ctx, "zones/hand", "mounted"); err != nil || d.Get("mounted") != "no" {
		t.Errorf("zones/hand: %v, %v; want it not mounted", d, err)
	}
}

// A pool whose file is missing is shown as such and stops nothing else.
func TestReboot_deviceGone(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	pools, err := h.Pools(ctx, "zones")
	must(t, err)
	file := pools[0].Devices[0].Path
	reboot(t, root)
	must(t, os.Rename(file, file+".away"))
	pools, err = h.Pools(ctx)
	if err != nil || len(pools) != 1 || pools[0].Health != "UNAVAIL" || !strings.Contains(pools[0].Reason, file) {
		t.Errorf("pools: %+v, %v; want zones UNAVAIL because of %s", pools, err, file)
	}
	if err := h.Create(ctx, "zones/a", zpool.CreateOptions{}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("create on a pool that is gone: %v", err)
	}
	must(t, os.Rename(file+".away", file))
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
}

// Pools of one name in two roots do not know each other, and one pool cannot be
// in use in both.
func TestRoots_apart(t *testing.T) {
	ctx := t.Context()
	a, b := testenv.Root(t), testenv.Root(t)
	ha, hb := zpooltest.Pool(t, a), zpooltest.Pool(t, b)
	must(t, ha.Create(ctx, "zones/x", zpool.CreateOptions{}))
	must(t, hb.Create(ctx, "zones/x", zpool.CreateOptions{}))
	must(t, os.WriteFile(filepath.Join(a.Pool("zones/x"), "f"), []byte("a"), 0o644))
	if _, err := os.Stat(filepath.Join(b.Pool("zones/x"), "f")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file of one root is in the other: %v", err)
	}
	pools, err := ha.Pools(ctx, "zones")
	must(t, err)
	c := zpool.New(testenv.Root(t), slog.New(slog.DiscardHandler))
	err = c.ImportPool(ctx, "zones", zpool.ImportOptions{Dirs: []string{pools[0].Devices[0].Path}})
	if err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("import of a pool that another root uses: %v", err)
	}
}

func TestExport_import(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := context.Background()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{Props: map[string]string{"my:x": "1"}}))
	must(t, h.Snapshot(ctx, []string{"zones/a@s"}, zpool.SnapshotOptions{}))
	pools, err := h.Pools(ctx, "zones")
	must(t, err)
	dir := filepath.Dir(pools[0].Devices[0].Path)
	must(t, h.ExportPool(ctx, "zones", false))
	if left := mountsBelow(t, string(root)); len(left) > 0 {
		t.Errorf("mounts left: %v", left)
	}
	if _, err := h.Get(ctx, "zones/a", "name"); !errors.Is(err, zpool.ErrNotFound) {
		t.Errorf("a dataset of an exported pool: %v", err)
	}
	found, err := h.Importable(ctx, []string{dir})
	if err != nil || len(found) != 1 || found[0].GUID != pools[0].GUID {
		t.Fatalf("importable: %+v, %v; want guid %s", found, err, pools[0].GUID)
	}
	must(t, h.ImportPool(ctx, pools[0].GUID, zpool.ImportOptions{Dirs: []string{dir}, As: "other", NoMount: true}))
	d, err := h.Get(ctx, "other/a", "my:x", "mounted")
	if err != nil || d.Get("my:x") != "1" || d.Get("mounted") != "no" {
		t.Errorf("dataset of a renamed pool: %v, %v", d, err)
	}
	if _, err := h.Get(ctx, "other/a@s", "name"); err != nil {
		t.Error(err)
	}
	must(t, h.ExportPool(ctx, "other", false))
	must(t, h.ImportPool(ctx, "other", zpool.ImportOptions{Dirs: []string{dir}, As: "zones"}))
	check(t, root, h, "after renaming it back")
}

// A process in another mount namespace holds copies of all mounts. It keeps the
// file system alive, but neither an export nor a destroy is undone by it.
func TestExport_heldByAnotherNamespace(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	pools, err := h.Pools(ctx, "zones")
	must(t, err)
	file := pools[0].Devices[0].Path
	holder := exec.Command("sleep", "60")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	must(t, holder.Start())
	defer func() {
		holder.Process.Kill()
		holder.Wait()
	}()
	must(t, h.ExportPool(ctx, "zones", false))
	if f, err := os.OpenFile(filepath.Join("/proc", strconv.Itoa(holder.Process.Pid), "root", root.Pool("zones/a"), "f"), os.O_CREATE|os.O_WRONLY, 0o644); err == nil {
		f.Close()
		t.Error("an exported pool can be written by another namespace")
	}
	must(t, h.ImportPool(ctx, "zones", zpool.ImportOptions{Dirs: []string{file}}))
	must(t, os.WriteFile(filepath.Join(root.Pool("zones/a"), "f"), nil, 0o644))
	must(t, h.DestroyPool(ctx, "zones", false))
	holder.Process.Kill()
	holder.Wait()
	for range 100 { // until the last mount is gone
		if found, err := h.Importable(ctx, []string{file}); err != nil || len(found) > 0 {
			t.Fatalf("a destroyed pool came back: %v, %v", found, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	must(t, h.CreatePool(ctx, "zones", zpool.PoolOptions{Devices: []string{file}}))
}

// Somebody removed a subvolume by hand: the others go on, this one can be
// destroyed.
func TestImport_missingSubvolume(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{Props: map[string]string{"quota": "10M"}}))
	must(t, h.Create(ctx, "zones/b", zpool.CreateOptions{}))
	must(t, h.Unmount(ctx, "zones/a", false))
	d, err := h.Get(ctx, "zones/a", "objsetid")
	must(t, err)
	trees, err := os.Open(filepath.Join(root.Run(), "pools/zones/trees"))
	must(t, err)
	must(t, btrfs.DestroySubvolume(trees, d.Get("objsetid")))
	must(t, trees.Close())
	reboot(t, root)
	if d, err := h.Get(ctx, "zones/b", "mounted"); err != nil || d.Get("mounted") != "yes" {
		t.Errorf("zones/b: %v, %v", d, err)
	}
	must(t, h.Destroy(ctx, "zones/a", zpool.DestroyOptions{}))
	check(t, root, h, "without it")
}
