package zpool_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// wantErr fails unless err is of a kind, in words that contain text.
func wantErr(t *testing.T, what string, err, kind error, text string) {
	t.Helper()
	if !errors.Is(err, kind) || !bytes.Contains([]byte(err.Error()), []byte(text)) {
		t.Errorf("%s: %v, want %v with %q", what, err, kind, text)
	}
}

func conformRetention(t *testing.T, h *zpool.Host, _ string) {
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/h", zpool.CreateOptions{}))
	must(t, h.Create(ctx, "zones/h/i", zpool.CreateOptions{}))
	must(t, h.Snapshot(ctx, []string{"zones/h@1"}, zpool.SnapshotOptions{Recursive: true}))
	must(t, h.Hold(ctx, []string{"zones/h@1"}, "keep", true))
	holds, err := h.Holds(ctx, []string{"zones/h@1"}, true)
	must(t, err)
	if len(holds) != 2 || holds[0].Tag != "keep" || holds[0].Given.IsZero() {
		t.Errorf("holds: %+v", holds)
	}
	if err := h.Hold(ctx, []string{"zones/h@1"}, "keep", false); err == nil {
		t.Error("the same tag was given twice")
	}
	wantErr(t, "destroy what is held", h.Destroy(ctx, "zones/h@1", zpool.DestroyOptions{}), zpool.ErrBusy, "cannot destroy")
	must(t, h.Destroy(ctx, "zones/h@1", zpool.DestroyOptions{Defer: true}))
	if d, err := h.Get(ctx, "zones/h@1", "defer_destroy", "userrefs"); err != nil || d.Get("defer_destroy") != "on" || d.Int("userrefs") != 1 {
		t.Errorf("a snapshot that is to go: %+v, %v", d, err)
	}
	must(t, h.Release(ctx, []string{"zones/h@1"}, "keep", true))
	_, err = h.Get(ctx, "zones/h@1", "guid")
	wantErr(t, "a snapshot that was to go", err, zpool.ErrNotFound, "")
	must(t, h.Bookmark(ctx, "zones/h/i@1", "zones/h/i#mark"))
	snap, err := h.Get(ctx, "zones/h/i@1", "guid")
	must(t, err)
	marks, err := h.List(ctx, zpool.ListOptions{Roots: []string{"zones/h"}, Recursive: true, Types: []zpool.Type{zpool.Bookmark}, Props: []string{"guid"}})
	must(t, err)
	if len(marks) != 1 || marks[0].Name != "zones/h/i#mark" || marks[0].Get("guid") != snap.Get("guid") {
		t.Errorf("bookmarks: %+v", marks)
	}
	must(t, h.Destroy(ctx, "zones/h", zpool.DestroyOptions{Recursive: true}))
}

func conformNames(t *testing.T, h *zpool.Host, _ string) {
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/n/a/b", zpool.CreateOptions{Parents: true}))
	for _, snap := range []string{"1", "2", "3", "4"} {
		must(t, h.Snapshot(ctx, []string{"zones/n@" + snap}, zpool.SnapshotOptions{Recursive: true}))
	}
	must(t, h.Rename(ctx, "zones/n@4", "zones/n@four", zpool.RenameOptions{Recursive: true}))
	some, err := h.Snapshots(ctx, "zones/n/a/b@1%2,four")
	must(t, err)
	if want := []string{"zones/n/a/b@1", "zones/n/a/b@2", "zones/n/a/b@four"}; !slices.Equal(some, want) {
		t.Errorf("a range: %v, want %v", some, want)
	}
	must(t, h.DestroyAll(ctx, some, zpool.DestroyOptions{}))
	wantNames(t, h, "zones/n/a", "zones/n/a", "zones/n/a@1", "zones/n/a@2", "zones/n/a@3", "zones/n/a@four", "zones/n/a/b", "zones/n/a/b@3")
	must(t, h.Rename(ctx, "zones/n/a", "zones/n/deep/er/a", zpool.RenameOptions{Parents: true}))
	wantNames(t, h, "zones/n/deep/er/a/b", "zones/n/deep/er/a/b", "zones/n/deep/er/a/b@3")
	err = h.Rename(ctx, "zones/n/deep", "zones/n/deep/er/x", zpool.RenameOptions{})
	if err == nil {
		t.Error("a dataset was moved below itself")
	}
	wantErr(t, "rename of nothing", h.Rename(ctx, "zones/nosuch", "zones/m", zpool.RenameOptions{}), zpool.ErrNotFound, "cannot open 'zones/nosuch'")
	must(t, h.Destroy(ctx, "zones/n", zpool.DestroyOptions{Recursive: true}))
}

func conformVolumes(t *testing.T, h *zpool.Host, _ string) {
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/v", zpool.CreateOptions{Volsize: 8 << 20, Sparse: true, Props: map[string]string{"volblocksize": "16K"}}))
	d, err := h.Get(ctx, "zones/v", "type", "volsize", "volblocksize", "refreservation")
	if err != nil || d.Type != zpool.Volume || d.Int("volsize") != 8<<20 || d.Int("volblocksize") != 16<<10 || d.Int("refreservation") != 0 {
		t.Errorf("a volume: %+v, %v", d, err)
	}
	must(t, h.Set(ctx, "zones/v", map[string]string{"volsize": "16M"}))
	must(t, h.Snapshot(ctx, []string{"zones/v@s"}, zpool.SnapshotOptions{}))
	must(t, h.Clone(ctx, "zones/v@s", "zones/w", zpool.CreateOptions{}))
	if d, err := h.Get(ctx, "zones/w", "volsize", "origin"); err != nil || d.Int("volsize") != 16<<20 || d.Get("origin") != "zones/v@s" {
		t.Errorf("a volume's clone: %+v, %v", d, err)
	}
	wantErr(t, "a filesystem's property of a volume", h.Set(ctx, "zones/v", map[string]string{"quota": "1G"}), zpool.ErrProperty, "does not apply to datasets of this type")
	must(t, h.Destroy(ctx, "zones/w", zpool.DestroyOptions{}))
	must(t, h.Destroy(ctx, "zones/v", zpool.DestroyOptions{Recursive: true}))
}

func conformStreams(t *testing.T, h *zpool.Host, mount string) {
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/t", zpool.CreateOptions{Props: map[string]string{"my:note": "sent"}}))
	file := filepath.Join(mount, "t", "f")
	must(t, os.WriteFile(file, bytes.Repeat([]byte("one"), 100000), 0o640))
	must(t, h.Snapshot(ctx, []string{"zones/t@1"}, zpool.SnapshotOptions{}))
	must(t, os.WriteFile(file, []byte("two"), 0o640))
	must(t, h.Snapshot(ctx, []string{"zones/t@2"}, zpool.SnapshotOptions{}))
	send := func(name string, o zpool.SendOptions) []byte { return sent(t, h, name, o) }
	full := send("zones/t@1", zpool.SendOptions{})
	must(t, h.Receive(ctx, "zones/u", bytes.NewReader(full), zpool.ReceiveOptions{Props: map[string]string{"my:got": "1"}}))
	wantErr(t, "a full stream onto a dataset", h.Receive(ctx, "zones/u", bytes.NewReader(full), zpool.ReceiveOptions{}), zpool.ErrExists, "must specify -F to overwrite it")
	must(t, h.Receive(ctx, "zones/u", bytes.NewReader(send("zones/t@2", zpool.SendOptions{From: "@1"})), zpool.ReceiveOptions{Force: true}))
	wantFile(t, filepath.Join(mount, "u", "f"), "two")
	must(t, h.Receive(ctx, "zones/r", bytes.NewReader(send("zones/t@2", zpool.SendOptions{Replicate: true})), zpool.ReceiveOptions{Exclude: []string{"mountpoint"}}))
	wantNames(t, h, "zones/r", "zones/r", "zones/r@1", "zones/r@2")
	if d, err := h.Get(ctx, "zones/r", "my:note"); err != nil || d.Get("my:note") != "sent" || d.Props["my:note"].Source != "received" {
		t.Errorf("a received property: %+v, %v", d, err)
	}
	// One that is cut can be resumed, or dropped.
	if err := h.Receive(ctx, "zones/x", bytes.NewReader(full[:len(full)*3/4]), zpool.ReceiveOptions{Resumable: true}); err == nil {
		t.Error("took a part of a stream for all of it")
	}
	d, err := h.Get(ctx, "zones/x", "receive_resume_token")
	must(t, err)
	rest := send("zones/t@1", zpool.SendOptions{Token: d.Get("receive_resume_token")})
	must(t, h.Receive(ctx, "zones/x", bytes.NewReader(rest), zpool.ReceiveOptions{Resumable: true}))
	if got, err := os.ReadFile(filepath.Join(mount, "x", "f")); err != nil || len(got) != 300000 {
		t.Errorf("resumed: %d bytes, %v", len(got), err)
	}
	if err := h.Receive(ctx, "zones/y", bytes.NewReader(full[:len(full)*3/4]), zpool.ReceiveOptions{Resumable: true}); err == nil {
		t.Error("took a part of a stream for all of it")
	}
	must(t, h.AbortReceive(ctx, "zones/y"))
	_, err = h.Get(ctx, "zones/y", "guid")
	wantErr(t, "after the abort", err, zpool.ErrNotFound, "")
	for name, bad := range map[string][]byte{"cut": full[:len(full)/2], "text": []byte("no stream"), "flipped": flipped(full)} {
		if err := h.Receive(ctx, "zones/bad", bytes.NewReader(bad), zpool.ReceiveOptions{}); err == nil {
			t.Errorf("%s: was received", name)
		}
		_, err = h.Get(ctx, "zones/bad", "guid")
		wantErr(t, name, err, zpool.ErrNotFound, "")
	}
	for _, name := range []string{"zones/t", "zones/u", "zones/r", "zones/x"} {
		must(t, h.Destroy(ctx, name, zpool.DestroyOptions{Recursive: true}))
	}
}

func flipped(stream []byte) []byte {
	bad := bytes.Clone(stream)
	bad[len(bad)/2] ^= 4
	return bad
}

func conformPlans(t *testing.T, h *zpool.Host, _ string) {
	ctx := t.Context()
	made, err := h.Plan(ctx, "zones/plan", zpool.CreateOptions{Props: map[string]string{"my:a": "b"}})
	if err != nil || len(made) != 1 || made[0].Name != "zones/plan" || made[0].Get("my:a") != "b" {
		t.Errorf("plan: %+v, %v", made, err)
	}
	must(t, h.Create(ctx, "zones/plan/x", zpool.CreateOptions{Parents: true}))
	must(t, h.Snapshot(ctx, []string{"zones/plan@s"}, zpool.SnapshotOptions{Recursive: true}))
	doomed, err := h.Doomed(ctx, []string{"zones/plan"}, zpool.DestroyOptions{Recursive: true})
	must(t, err)
	slices.Sort(doomed)
	if want := []string{"zones/plan", "zones/plan/x", "zones/plan/x@s", "zones/plan@s"}; !slices.Equal(doomed, want) {
		t.Errorf("doomed: %v, want %v", doomed, want)
	}
	must(t, h.Inherit(ctx, "zones/plan", "my:a", zpool.InheritOptions{}))
	must(t, h.Destroy(ctx, "zones/plan", zpool.DestroyOptions{Recursive: true}))
}
