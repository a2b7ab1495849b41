package img

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/internal/testenv/imgserver"
	"github.com/smartbox-os/smartbox/pkg/img/builtin"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// newHost is a host with an empty pool.
func newHost(t *testing.T) *Host {
	t.Helper()
	root := testenv.Root(t)
	zpooltest.Pool(t, root)
	return New(root, slog.New(slog.NewTextHandler(t.Output(), nil)))
}

func tarball(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text)), ModTime: time.Unix(1e9, 0)}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func uuidOf(n int) string { return fmt.Sprintf("%08x-2222-4222-8222-222222222222", n) }

// serve starts an image server with a chain of n images, each upon the one
// before; the last is uuidOf(n).
func serve(t *testing.T, n int) (*imgserver.Server, string) {
	t.Helper()
	s := &imgserver.Server{}
	for i := 1; i <= n; i++ {
		one := imgserver.New(uuidOf(i), fmt.Sprintf("layer%d", i), "1.0", tarball(t, map[string]string{fmt.Sprintf("f%d", i): "x"}))
		if i > 1 {
			one.Manifest["origin"] = uuidOf(i - 1)
		}
		s.Images = append(s.Images, one)
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return s, h.URL
}

func read(t *testing.T, v any) *manifest.Manifest {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// datasets lists what lies on the pool beside what is always there.
func (h *Host) datasets(t *testing.T) []string {
	t.Helper()
	all, err := h.pools.List(t.Context(), zpool.ListOptions{Types: []zpool.Type{zpool.Filesystem, zpool.Snapshot}, Props: []string{"origin"}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range all {
		if d.Name != "zones" && d.Name != "zones/config" {
			names = append(names, d.Name)
		}
	}
	return names
}

// empty checks that nothing is left of any image.
func (h *Host) empty(t *testing.T) {
	t.Helper()
	if left := h.datasets(t); len(left) > 0 {
		t.Errorf("datasets left: %q", left)
	}
	records, _ := filepath.Glob(filepath.Join(h.root.Imgadm(), "images", "*"))
	if len(records) > 0 {
		t.Errorf("records left: %q", records)
	}
}

func TestImport_base(t *testing.T) {
	h := newHost(t)
	var kinds []EventKind
	o := ImportOptions{ID: "base", Report: func(e Event) {
		if e.Kind != Progress {
			kinds = append(kinds, e.Kind)
		}
	}}
	if err := h.Import(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	i, err := h.Installed(t.Context(), builtin.BaseUUID, "")
	if err != nil {
		t.Fatal(err)
	}
	if i.Source != "builtin:" || i.Manifest.Name != "base" || i.Snapshot() != "zones/"+builtin.BaseUUID+"@final" {
		t.Errorf("installed %+v", i)
	}
	if err := i.RunsHere(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(i.Dir, "root/etc/passwd")); err != nil {
		t.Error(err)
	}
	if st, err := os.Stat(i.Dir); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if err := h.Import(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(kinds), fmt.Sprint([]EventKind{Importing, Ancestry, Downloading, Installed, AlreadyInstalled}); got != want {
		t.Errorf("events %s, want %s", got, want)
	}
	if err := h.pools.Clone(t.Context(), i.Snapshot(), "zones/machine", zpool.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(h.root.Join("zones/machine/root/etc/passwd")); err != nil {
		t.Error(err)
	}
	if _, err := h.Delete(t.Context(), builtin.BaseUUID, ""); CodeOf(err) != CodeHasClones || !strings.Contains(err.Error(), "zones/machine") {
		t.Errorf("delete with a clone: %v", err)
	}
	all, err := h.List(t.Context())
	if err != nil || len(all) != 1 || all[0].Clones != 1 {
		t.Errorf("list: %v, %v", all, err)
	}
	if err := h.pools.Destroy(t.Context(), "zones/machine", zpool.DestroyOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Delete(t.Context(), builtin.BaseUUID, ""); err != nil {
		t.Fatal(err)
	}
	h.empty(t)
	if _, err := h.Delete(t.Context(), builtin.BaseUUID, ""); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("delete again: %v", err)
	}
}

func TestImport_chainFromAServer(t *testing.T) {
	h := newHost(t)
	_, url := serve(t, 4)
	o := ImportOptions{ID: uuidOf(4), Sources: []string{url}}
	if err := h.Import(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	chain, err := h.Ancestry(t.Context(), uuidOf(4), "")
	if err != nil || len(chain) != 4 || chain[3].Manifest.UUID != uuidOf(1) {
		t.Fatalf("%v, %v", chain, err)
	}
	for n := 1; n <= 4; n++ {
		if _, err := os.Stat(filepath.Join(chain[0].Dir, "root", fmt.Sprintf("f%d", n))); err != nil {
			t.Error(err)
		}
	}
	if files, _ := os.ReadDir(h.root.Join("var/imgadm/downloads")); len(files) != 0 {
		t.Errorf("downloads left: %v", files)
	}
	unused, err := h.Unused(t.Context())
	if err != nil || len(unused) != 4 || unused[0].Manifest.UUID != uuidOf(4) {
		t.Errorf("unused: %v, %v", unused, err)
	}
	if _, err := h.Delete(t.Context(), uuidOf(2), ""); CodeOf(err) != CodeHasClones {
		t.Errorf("delete an origin: %v", err)
	}
}

func TestImport_refuses(t *testing.T) {
	h := newHost(t)
	s, url := serve(t, 3)
	s.Images[0].Data = []byte("hello")
	s.Images[1].Manifest["state"] = "disabled"
	for id, want := range map[string]Code{
		uuidOf(2): CodeActiveNotFound, uuidOf(9): CodeActiveNotFound, "nope": CodeActiveNotFound,
		strings.ToUpper(uuidOf(10)): CodeInvalidUUID, uuidOf(3): CodeDownload, "layer1": CodeDownload,
	} {
		err := h.Import(t.Context(), ImportOptions{ID: id, Sources: []string{url}})
		if CodeOf(err) != want {
			t.Errorf("%s: %s %v, want %s", id, CodeOf(err), err, want)
		}
		h.empty(t)
	}
	if err := h.Import(t.Context(), ImportOptions{ID: "base", Pool: "tank"}); CodeOf(err) != CodePoolNotFound {
		t.Errorf("no pool: %v", err)
	}
	s.Images = append(s.Images, imgserver.New(uuidOf(7), "layer1", "2.0", nil))
	if err := h.Import(t.Context(), ImportOptions{ID: "layer1", Sources: []string{url}}); CodeOf(err) != CodeAmbiguous {
		t.Errorf("two of a name: %v", err)
	}
	s.Images[0].Manifest["origin"] = uuidOf(99)
	if err := h.Import(t.Context(), ImportOptions{ID: "layer1@1.0", Sources: []string{url}}); CodeOf(err) != CodeOriginNotFound {
		t.Errorf("no origin: %v", err)
	}
	s.Images[0].Manifest["origin"] = uuidOf(3)
	if err := h.Import(t.Context(), ImportOptions{ID: uuidOf(1), Sources: []string{url}}); CodeOf(err) != CodeInvalidManifest {
		t.Errorf("a circle: %v", err)
	}
	h.empty(t)
}

// write puts a manifest and a file into a directory.
func write(t *testing.T, i *imgserver.Image) (m *manifest.Manifest, file string) {
	t.Helper()
	dir := t.TempDir()
	text, err := json.Marshal(i.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "a.tar")
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "a.json"), text, 0o600), os.WriteFile(file, i.Data, 0o600)); err != nil {
		t.Fatal(err)
	}
	return read(t, i.Manifest), file
}

func TestInstall_leavesNothingWhenItFails(t *testing.T) {
	h := newHost(t)
	good := tarball(t, map[string]string{"a": "x"})
	evil := tarball(t, map[string]string{"../a": "x"})
	zfs := make([]byte, 400)
	copy(zfs[8:], "\xac\xcb\xba\xf5\x02\x00\x00\x00")
	zfs[8], zfs[9], zfs[10], zfs[11] = 0xac, 0xcb, 0xba, 0xf5
	for name, tt := range map[string]struct {
		data []byte
		edit func(*imgserver.Image)
		code Code
		want string
	}{
		"sum":    {good, func(i *imgserver.Image) { i.Data[len(i.Data)-1] = 1 }, CodeContent, "sha1 is"},
		"size":   {good, func(i *imgserver.Image) { i.Data = append(i.Data, 0) }, CodeFile, "bytes, the manifest declares"},
		"escape": {evil, nil, CodeContent, "leaves the directory"},
		"text":   {[]byte("hello"), nil, CodeContent, "looks like text"},
		"empty":  {nil, nil, CodeContent, "it is empty"},
		"cut":    {good[:512], nil, CodeUncompress, "ends in the middle"},
		"zvol": {good, func(i *imgserver.Image) {
			i.Manifest["type"] = "zvol"
			i.Manifest["nic_driver"] = "virtio"
			i.Manifest["disk_driver"] = "virtio"
			i.Manifest["image_size"] = 1
		}, CodeContent, "a disk, but"},
		"origin":   {good, func(i *imgserver.Image) { i.Manifest["origin"] = uuidOf(8) }, CodeOriginMissing, "not installed"},
		"manifest": {good, func(i *imgserver.Image) { delete(i.Manifest, "name") }, CodeManifest, "name (is missing)"},
		"no files": {good, func(i *imgserver.Image) { delete(i.Manifest, "files") }, CodeManifest, "files (is missing"},
		"huge": {good, func(i *imgserver.Image) {
			i.Manifest["files"].([]any)[0].(map[string]any)["size"] = int64(19) << 30
		}, CodeNoSpace, "has"},
	} {
		i := imgserver.New(uuidOf(1), "a", "1", bytes.Clone(tt.data))
		if tt.edit != nil {
			tt.edit(i)
		}
		m, file := write(t, i)
		err := h.Install(t.Context(), InstallOptions{Manifest: m, File: file, Now: time.Now()})
		if CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %s: %v; want %s, %q", name, CodeOf(err), err, tt.code, tt.want)
		}
		h.empty(t)
	}
}

func TestInstall_stopsWhenAsked(t *testing.T) {
	h := newHost(t)
	m, file := write(t, imgserver.New(uuidOf(1), "a", "1", tarball(t, map[string]string{"a": "x", "b": strings.Repeat("y", 1<<20)})))
	ctx, cancel := context.WithCancel(t.Context())
	err := h.Install(ctx, InstallOptions{Manifest: m, File: file, Now: time.Now(), Report: func(e Event) {
		if e.Kind == Progress {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	h.empty(t)
}

func TestInstall_fromAFile(t *testing.T) {
	h := newHost(t)
	i := imgserver.New(uuidOf(1), "a", "1", tarball(t, map[string]string{"a": "x"}))
	delete(i.Manifest, "published_at")
	delete(i.Manifest, "state")
	m, file := write(t, i)
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	if err := h.Install(t.Context(), InstallOptions{Manifest: m, File: file, Now: now}); err != nil {
		t.Fatal(err)
	}
	got, err := h.Installed(t.Context(), uuidOf(1), "zones")
	if err != nil || got.Manifest.PublishedAt != "2026-05-06T07:08:09.000Z" || got.Source != "" {
		t.Errorf("%+v, %v", got, err)
	}
	err = h.Install(t.Context(), InstallOptions{Manifest: m, File: file, Now: now})
	if CodeOf(err) != CodeAlreadyInstalled {
		t.Errorf("again: %v", err)
	}
	if err := os.Remove(h.recordPath("zones", uuidOf(1))); err != nil {
		t.Fatal(err)
	}
	all, err := h.List(t.Context())
	if err != nil || len(all) != 1 || all[0].Manifest.UUID != uuidOf(1) || all[0].Manifest.Name != "" {
		t.Errorf("without a record: %v, %v", all, err)
	}
}

// inflated is an archive of one file of n bytes that take room on the pool and
// hardly any in the archive.
func inflated(t *testing.T, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "big", Mode: 0o644, Size: n}); err != nil {
		t.Fatal(err)
	}
	block := bytes.Repeat([]byte("x"), 1<<20)
	for ; n > 0; n -= int64(len(block)) {
		if _, err := w.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestInstall_onAPoolThatFillsUp(t *testing.T) {
	root := testenv.Root(t)
	pools := zpooltest.PoolSized(t, root, 256<<20)
	h := New(root, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err := pools.Set(t.Context(), "zones", map[string]string{"compression": "off"}); err != nil {
		t.Fatal(err)
	}
	m, file := write(t, imgserver.New(uuidOf(1), "big", "1", inflated(t, 400<<20)))
	err := h.Install(t.Context(), InstallOptions{Manifest: m, File: file, Now: time.Now()})
	if CodeOf(err) != CodeNoSpace || !strings.Contains(err.Error(), `pool "zones" is full`) {
		t.Errorf("%s: %v", CodeOf(err), err)
	}
	h.empty(t)
}
