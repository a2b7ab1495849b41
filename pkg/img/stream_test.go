package img

import (
	"bytes"
	"compress/gzip"
	"errors"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv/imgserver"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// streams makes two snapshots of a system on a pool and returns both as images
// carry them: all of the first, and what the second has beyond it.
func (h *Host) streams(t *testing.T) (base, upper []byte) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	must(h.pools.Create(ctx, "zones/made", zpool.CreateOptions{}))
	at, err := h.pools.Mountpoint(ctx, "zones/made")
	must(err)
	must(os.MkdirAll(filepath.Join(at, "root/bin"), 0o755))
	must(os.WriteFile(filepath.Join(at, "root/bin/su"), []byte("setuid"), 0o755))
	must(unix.Chmod(filepath.Join(at, "root/bin/su"), 0o4755))
	must(os.WriteFile(filepath.Join(at, "root/alien"), []byte("x"), 0o755))
	must(os.Chown(filepath.Join(at, "root/alien"), 1<<20, 0))
	must(unix.Chmod(filepath.Join(at, "root/alien"), 0o6755))
	must(unix.Mknod(filepath.Join(at, "root/sda"), unix.S_IFBLK|0o666, int(unix.Mkdev(8, 0))))
	must(h.pools.Snapshot(ctx, []string{"zones/made@one"}, zpool.SnapshotOptions{}))
	must(os.WriteFile(filepath.Join(at, "root/more"), []byte("more"), 0o644))
	must(h.pools.Snapshot(ctx, []string{"zones/made@two"}, zpool.SnapshotOptions{}))
	var b1, b2 bytes.Buffer
	must(h.pools.Send(ctx, "zones/made@one", &b1, dataset.SendOptions{}))
	must(h.pools.Send(ctx, "zones/made@two", &b2, dataset.SendOptions{From: "@one"}))
	must(h.pools.Destroy(ctx, "zones/made", zpool.DestroyOptions{Recursive: true}))
	return zipped(t, b1.Bytes()), b2.Bytes()
}

func zipped(t *testing.T, p []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A ZFS stream becomes an image as a root archive does, one upon another too,
// and holds nothing that a zone may not have.
func TestImport_zfsStreams(t *testing.T) {
	h := newHost(t)
	base, upper := h.streams(t)
	one := imgserver.New(uuidOf(1), "one", "1.0", base)
	two := imgserver.New(uuidOf(2), "two", "1.0", upper)
	two.Manifest["origin"] = uuidOf(1)
	server := httptest.NewServer(&imgserver.Server{Images: []*imgserver.Image{one, two}})
	defer server.Close()
	var notes []string
	err := h.Import(t.Context(), ImportOptions{ID: uuidOf(2), Sources: []string{server.URL}, Report: func(e Event) {
		if e.Kind == Note {
			notes = append(notes, e.Text)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) < 2 {
		t.Errorf("notes %q, want those about a device and an owner", notes)
	}
	i, err := h.Installed(t.Context(), uuidOf(2), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]uint32{".": 0o700, "root/bin/su": 0o4755, "root/alien": 0o755, "root/more": 0o644} {
		var st unix.Stat_t
		if err := unix.Lstat(filepath.Join(i.Dir, name), &st); err != nil || st.Mode&0o7777 != want {
			t.Errorf("%s: mode %o, %v; want %o", name, st.Mode&0o7777, err, want)
		}
		if name == "root/alien" && st.Uid != 65534 {
			t.Errorf("%s belongs to %d", name, st.Uid)
		}
	}
	if _, err := os.Lstat(filepath.Join(i.Dir, "root/sda")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the device is there: %v", err)
	}
	want := []string{"zones/" + uuidOf(1), "zones/" + uuidOf(1) + "@final", "zones/" + uuidOf(2), "zones/" + uuidOf(2) + "@final"}
	if got := h.datasets(t); len(got) != len(want) {
		t.Errorf("datasets %q, want %q", got, want)
	}
	d, err := h.pools.Get(t.Context(), "zones/"+uuidOf(2), "origin")
	if err != nil || d.Get("origin") != "zones/"+uuidOf(1)+"@final" {
		t.Errorf("origin %q, %v", d.Get("origin"), err)
	}
}

// What is no image leaves nothing.
func TestImport_badZFSStreams(t *testing.T) {
	h := newHost(t)
	base, upper := h.streams(t)
	for name, one := range map[string]struct {
		file []byte
		kind string
	}{
		"increment without origin": {upper, "lx-dataset"},
		"cut":                      {upper[:len(upper)-400], "lx-dataset"},
		"said to be a disk":        {base, "zvol"},
	} {
		t.Run(name, func(t *testing.T) {
			image := imgserver.New(uuidOf(7), "bad", "1.0", one.file)
			image.Manifest["type"] = one.kind
			if one.kind == "zvol" {
				maps.Copy(image.Manifest, map[string]any{
					"nic_driver": "virtio", "disk_driver": "virtio", "cpu_type": "host", "image_size": 100,
				})
			}
			server := httptest.NewServer(&imgserver.Server{Images: []*imgserver.Image{image}})
			defer server.Close()
			err := h.Import(t.Context(), ImportOptions{ID: uuidOf(7), Sources: []string{server.URL}})
			t.Log(err)
			if err == nil {
				t.Error("taken")
			}
			h.empty(t)
		})
	}
}
