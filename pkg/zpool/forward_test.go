package zpool_test

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// What was received can be sent on, and the first sender's next stream fits
// what a third one has got that way: files keep their objects.
func TestSend_onward(t *testing.T) {
	dir, _ := goldenStreams(t)
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	golden := func(name string) io.Reader {
		return openGzip(t, filepath.Join(dir, "openzfs-2.1.11", name+".zsend.gz"))
	}
	want := func(name string) map[string]line {
		return readManifest(t, filepath.Join(dir, "openzfs-2.1.11", name+".manifest.json.gz"))
	}
	take := func(into string, src io.Reader) {
		t.Helper()
		must(t, h.Receive(t.Context(), into, src, zpool.ReceiveOptions{Force: true}))
	}
	take("zones/second", golden("hist-s0"))
	take("zones/second", golden("hist-i-s0-s1"))
	take("zones/third", bytes.NewReader(sent(t, h, "zones/second@s0", dataset.SendOptions{})))
	compareTrees(t, treeOf(t, root.Pool("zones/third")), want("hist-s0"))
	take("zones/third", golden("hist-i-s0-s1"))
	compareTrees(t, treeOf(t, root.Pool("zones/third")), want("hist-s1"))
	take("zones/third", golden("hist-i-s1-s2-c"))
	compareTrees(t, treeOf(t, root.Pool("zones/third")), want("hist-s2"))

	take("zones/fourth", bytes.NewReader(sent(t, h, "zones/third@s0", dataset.SendOptions{})))
	take("zones/fourth", bytes.NewReader(sent(t, h, "zones/third@s2", dataset.SendOptions{From: "@s0", Intermediates: true})))
	compareTrees(t, treeOf(t, root.Pool("zones/fourth")), want("hist-s2"))
	take("zones/fifth", bytes.NewReader(sent(t, h, "zones/fourth@s2", dataset.SendOptions{})))
	compareTrees(t, treeOf(t, root.Pool("zones/fifth")), want("hist-s2"))

	take("zones/vol", golden("vol8K-s0"))
	take("zones/vol", golden("vol8K-i-s0-s1"))
	take("zones/vol2", bytes.NewReader(sent(t, h, "zones/vol@s1", dataset.SendOptions{Replicate: true})))
	d, err := h.Get(t.Context(), "zones/vol2@s1", "volsize")
	if must(t, err); d.Int("volsize") != 64<<20 {
		t.Errorf("volume of %d bytes", d.Int("volsize"))
	}
}

// What was taken here on top of a received snapshot goes as a whole, and says
// why it cannot go as an increment.
func TestSend_takenOnReceived(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	must(t, h.Snapshot(ctx, []string{"zones/a@1"}, zpool.SnapshotOptions{}))
	receiveAll(t, h, "zones/b", sent(t, h, "zones/a@1", dataset.SendOptions{}), zpool.ReceiveOptions{})
	must(t, h.Snapshot(ctx, []string{"zones/b@2"}, zpool.SnapshotOptions{}))
	err := h.Send(ctx, "zones/b@2", io.Discard, dataset.SendOptions{From: "@1"})
	if err == nil || !strings.Contains(err.Error(), "was received as a stream and the other taken here") {
		t.Errorf("%v", err)
	}
	receiveAll(t, h, "zones/c", sent(t, h, "zones/b@2", dataset.SendOptions{}), zpool.ReceiveOptions{})
	sameTrees(t, root, "zones/b", "zones/c")
}

// A tree of datasets goes with its snapshots, clones, properties and volumes,
// whole and by increments.
func TestSend_replication(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/top", zpool.CreateOptions{Props: map[string]string{"compression": "lz4", "my:note": "a b"}}))
	must(t, h.Create(ctx, "zones/top/kid", zpool.CreateOptions{Props: map[string]string{"quota": "1G"}}))
	must(t, h.Create(ctx, "zones/top/vol", zpool.CreateOptions{Volsize: 16 << 20, Sparse: true}))
	must(t, h.Snapshot(ctx, []string{"zones/top@1"}, zpool.SnapshotOptions{Recursive: true}))
	must(t, h.Clone(ctx, "zones/top/kid@1", "zones/top/clone", zpool.CreateOptions{}))
	makeTree(t, root.Pool("zones/top/clone"))
	must(t, h.Snapshot(ctx, []string{"zones/top@2"}, zpool.SnapshotOptions{Recursive: true}))
	receiveAll(t, h, "zones/copy", sent(t, h, "zones/top@2", dataset.SendOptions{Replicate: true}), zpool.ReceiveOptions{})
	sameTrees(t, root, "zones/top/clone", "zones/copy/clone")
	for name, want := range map[string]map[string]string{
		"zones/copy":       {"compression": "lz4", "my:note": "a b"},
		"zones/copy/kid":   {"quota": "1073741824"},
		"zones/copy/vol":   {"volsize": "16777216", "type": "volume"},
		"zones/copy/clone": {"origin": "zones/copy/kid@1"},
		"zones/copy/kid@2": {"type": "snapshot"},
	} {
		d, err := h.Get(ctx, name)
		must(t, err)
		for prop, v := range want {
			if d.Get(prop) != v {
				t.Errorf("%s of %s is %q, want %q", prop, name, d.Get(prop), v)
			}
		}
	}
	changeTree(t, root.Pool("zones/top/clone"))
	must(t, h.Snapshot(ctx, []string{"zones/top@3"}, zpool.SnapshotOptions{Recursive: true}))
	step := sent(t, h, "zones/top@3", dataset.SendOptions{Replicate: true, From: "@2"})
	receiveAll(t, h, "zones/copy", step, zpool.ReceiveOptions{Force: true})
	sameTrees(t, root, "zones/top/clone", "zones/copy/clone")
	must(t, h.Receive(context.Background(), "zones/copy", bytes.NewReader(step), zpool.ReceiveOptions{Force: true})) // once more: all there
}
