package zpool_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// BenchmarkStreams compares receiving with tar x, and sending with tar c, of
// the same tree on the same pool.
func BenchmarkStreams(b *testing.B) {
	testenv.RequireCommand(b, "tar")
	root := testenv.Root(b)
	h := zpooltest.Pool(b, root)
	ctx := context.Background()
	must(b, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	makeTree(b, root.Pool("zones/a"))
	must(b, h.Snapshot(ctx, []string{"zones/a@1"}, zpool.SnapshotOptions{}))
	stream := sent(b, h, "zones/a@1", dataset.SendOptions{})
	archive, err := exec.Command("tar", "-C", root.Pool("zones/a"), "--xattrs", "-cf", "-", ".").Output()
	must(b, err)
	n := 0
	b.Run("receive", func(b *testing.B) {
		b.SetBytes(int64(len(stream)))
		for b.Loop() {
			n++
			must(b, h.Receive(ctx, fmt.Sprintf("zones/r%d", n), bytes.NewReader(stream), zpool.ReceiveOptions{}))
		}
	})
	b.Run("tar-x", func(b *testing.B) {
		b.SetBytes(int64(len(archive)))
		for b.Loop() {
			n++
			name := fmt.Sprintf("zones/t%d", n)
			must(b, h.Create(ctx, name, zpool.CreateOptions{}))
			cmd := exec.Command("tar", "-C", root.Pool(name), "--xattrs", "-xf", "-")
			cmd.Stdin, cmd.Stderr = bytes.NewReader(archive), os.Stderr
			must(b, cmd.Run())
			must(b, h.Snapshot(ctx, []string{name + "@1"}, zpool.SnapshotOptions{}))
		}
	})
	b.Run("send", func(b *testing.B) {
		b.SetBytes(int64(len(stream)))
		for b.Loop() {
			must(b, h.Send(ctx, "zones/a@1", io.Discard, dataset.SendOptions{}))
		}
	})
	b.Run("tar-c", func(b *testing.B) {
		b.SetBytes(int64(len(archive)))
		for b.Loop() {
			cmd := exec.Command("tar", "-C", root.Pool("zones/a"), "--xattrs", "-cf", "-", ".")
			cmd.Stdout = io.Discard
			must(b, cmd.Run())
		}
	})
}
