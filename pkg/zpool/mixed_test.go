package zpool_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// All of a dataset can be sent whose older snapshots came as a stream and whose
// newer ones were taken here; what was received is another snapshot then to
// whoever receives it, since increments of the first sender do not fit it.
func TestSend_receivedAndOwnSnapshots(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	makeTree(t, root.Pool("zones/a"))
	must(t, h.Snapshot(ctx, []string{"zones/a@1"}, zpool.SnapshotOptions{}))
	receiveAll(t, h, "zones/b", sent(t, h, "zones/a@1", dataset.SendOptions{}), zpool.ReceiveOptions{})
	changeTree(t, root.Pool("zones/b"))
	must(t, h.Snapshot(ctx, []string{"zones/b@2"}, zpool.SnapshotOptions{}))
	must(t, os.WriteFile(filepath.Join(root.Pool("zones/b"), "last"), []byte("x"), 0o600))
	must(t, h.Snapshot(ctx, []string{"zones/b@3"}, zpool.SnapshotOptions{}))

	receiveAll(t, h, "zones/c", sent(t, h, "zones/b@3", dataset.SendOptions{Replicate: true}), zpool.ReceiveOptions{})
	sameTrees(t, root, "zones/b", "zones/c")
	compareTrees(t, cloneTree(t, root, h, "zones/c@1"), cloneTree(t, root, h, "zones/a@1"))
	guid := func(name string) string {
		d, err := h.Get(ctx, name, "guid")
		must(t, err)
		return d.Get("guid")
	}
	if guid("zones/c@1") == guid("zones/b@1") || guid("zones/c@2") != guid("zones/b@2") {
		t.Errorf("guids: %s and %s, %s and %s", guid("zones/c@1"), guid("zones/b@1"), guid("zones/c@2"), guid("zones/b@2"))
	}

	// An increment between own snapshots fits; one from what was received cannot
	// be told in its objects and is refused.
	receiveAll(t, h, "zones/d", sent(t, h, "zones/b@2", dataset.SendOptions{}), zpool.ReceiveOptions{})
	receiveAll(t, h, "zones/d", sent(t, h, "zones/b@3", dataset.SendOptions{From: "@2"}), zpool.ReceiveOptions{Force: true})
	sameTrees(t, root, "zones/b", "zones/d")
	var out bytes.Buffer
	err := h.Send(ctx, "zones/b@2", &out, dataset.SendOptions{From: "@1"})
	if err == nil || !strings.Contains(err.Error(), "was received as a stream and the other taken here") {
		t.Errorf("an increment from what was received: %v", err)
	}
}

// The stream of a dataset of both kinds goes on where it was cut.
func TestSend_receivedAndOwnSnapshots_resumed(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	makeTree(t, root.Pool("zones/a"))
	must(t, h.Snapshot(ctx, []string{"zones/a@1"}, zpool.SnapshotOptions{}))
	receiveAll(t, h, "zones/b", sent(t, h, "zones/a@1", dataset.SendOptions{}), zpool.ReceiveOptions{})
	must(t, os.WriteFile(filepath.Join(root.Pool("zones/b"), "last"), []byte("x"), 0o600))
	must(t, h.Snapshot(ctx, []string{"zones/b@2"}, zpool.SnapshotOptions{}))
	whole := sent(t, h, "zones/b@2", dataset.SendOptions{Replicate: true})
	err := h.Receive(ctx, "zones/c", bytes.NewReader(whole[:len(whole)/2]), zpool.ReceiveOptions{Resumable: true})
	if err == nil {
		t.Fatal("took half a stream")
	}
	d, err := h.Get(ctx, "zones/c", "receive_resume_token")
	must(t, err)
	rest := sent(t, h, "zones/b@1", dataset.SendOptions{Token: d.Get("receive_resume_token")})
	receiveAll(t, h, "zones/c", rest, zpool.ReceiveOptions{Resumable: true})
	compareTrees(t, cloneTree(t, root, h, "zones/c@1"), cloneTree(t, root, h, "zones/a@1"))
}

// An increment fits a snapshot that was taken here, as anywhere else.
func TestReceive_onOwnSnapshot(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	makeTree(t, root.Pool("zones/a"))
	must(t, h.Snapshot(ctx, []string{"zones/a@1"}, zpool.SnapshotOptions{}))
	changeTree(t, root.Pool("zones/a"))
	must(t, h.Snapshot(ctx, []string{"zones/a@2"}, zpool.SnapshotOptions{}))
	step := sent(t, h, "zones/a@2", dataset.SendOptions{From: "@1"})
	want := treeOf(t, root.Pool("zones/a"))
	must(t, h.Rollback(ctx, "zones/a@1", zpool.RollbackOptions{Recursive: true}))
	receiveAll(t, h, "zones/a", step, zpool.ReceiveOptions{})
	compareTrees(t, treeOf(t, root.Pool("zones/a")), want)
}

// The same of a volume.
func TestReceive_onOwnVolume(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/v", zpool.CreateOptions{Volsize: 4 << 20, Sparse: true}))
	device := root.Join("/dev/zvol/zones/v")
	write := func(at int64, text string) {
		t.Helper()
		f, err := os.OpenFile(device, os.O_WRONLY, 0)
		must(t, err)
		_, err = f.WriteAt([]byte(text), at)
		must(t, err)
		must(t, f.Sync())
		must(t, f.Close())
	}
	read := func() string {
		t.Helper()
		p, err := os.ReadFile(device)
		must(t, err)
		return string(p)
	}
	write(0, "first")
	write(3<<20, "kept")
	must(t, h.Snapshot(ctx, []string{"zones/v@1"}, zpool.SnapshotOptions{}))
	write(0, "other")
	write(1<<20, "added")
	must(t, h.Snapshot(ctx, []string{"zones/v@2"}, zpool.SnapshotOptions{}))
	step := sent(t, h, "zones/v@2", dataset.SendOptions{From: "@1"})
	want := read()
	must(t, h.Rollback(ctx, "zones/v@1", zpool.RollbackOptions{Recursive: true}))
	receiveAll(t, h, "zones/v", step, zpool.ReceiveOptions{})
	if read() != want {
		t.Error("the volume differs")
	}
}
