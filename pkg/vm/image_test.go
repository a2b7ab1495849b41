package vm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

func partOf(t *testing.T, text string) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// An image that was made of a machine makes machines again: whole, and as what
// there is beyond its origin. What belongs to the machine alone stays there.
func TestCreateImage(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	u := w.create(tiny(1, `"customer_metadata":{"root_pw":"secret"}`))
	home := w.root.Join("zones", u)
	w.must(os.WriteFile(filepath.Join(home, "root/added"), []byte("of the image"), 0o644))
	w.must(os.Remove(filepath.Join(home, "root/etc/passwd")))
	dir := t.TempDir()
	for i, c := range []struct {
		compression, ending string
		incremental         bool
	}{{"none", ".zfs", false}, {"gzip", ".zfs.gz", true}, {"zstd", ".zfs.zst", false}, {"xz", ".zfs.xz", true}} {
		made, err := w.CreateImage(ctx, u, img.CreateOptions{
			Manifest:    partOf(t, `{"name":"made","version":"`+c.compression+`","description":"test"}`),
			Compression: c.compression, Incremental: c.incremental, Output: dir, Now: time.Now(),
		})
		w.must(err)
		if made.FilePath != filepath.Join(dir, "made-"+c.compression+c.ending) || made.Manifest.Type != "lx-dataset" || made.Manifest.Requirements.Brand != "lx" {
			t.Errorf("%s: %+v", c.compression, made)
		}
		if got := made.Manifest.Origin; (got != "") != c.incremental {
			t.Errorf("%s: its origin is %q", c.compression, got)
		}
		m, err := img.ReadManifest(made.ManifestPath)
		w.must(err)
		w.must(w.images.Install(ctx, img.InstallOptions{Manifest: m, File: made.FilePath, Now: time.Now()}))
		image, err := w.images.Installed(ctx, m.UUID, "zones")
		w.must(err)
		if text, err := os.ReadFile(filepath.Join(image.Dir, "root/added")); err != nil || string(text) != "of the image" {
			t.Errorf("%s: the file holds %q, %v", c.compression, text, err)
		}
		for _, gone := range []string{"root/etc/passwd", "config"} {
			if _, err := os.Lstat(filepath.Join(image.Dir, gone)); err == nil {
				t.Errorf("%s: %s is in the image", c.compression, gone)
			}
		}
		p := tiny(2+i, "")
		p["image_uuid"] = m.UUID
		again := w.create(p)
		w.must(w.Delete(ctx, again))
	}
	if _, err := os.Stat(filepath.Join(home, "config")); err != nil {
		t.Errorf("the machine lost its own: %v", err)
	}
	w.wantNoTrace(u)
	w.must(w.Delete(ctx, u))
}

// wantNoTrace fails when a dataset has snapshots, or a partial one is left.
func (w *world) wantNoTrace(uuid string) {
	w.t.Helper()
	all, err := w.pools.List(w.t.Context(), zpool.ListOptions{Types: []zpool.Type{zpool.Filesystem, zpool.Snapshot}})
	w.must(err)
	for _, d := range all {
		if strings.HasPrefix(d.Name, "zones/"+uuid+"@") || strings.HasSuffix(d.Name, "-partial") {
			w.t.Errorf("%s is left", d.Name)
		}
	}
}

func TestCreateImage_refusals(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	u := w.create(tiny(1, `"autoboot":true`))
	dir := t.TempDir()
	given := func(text string) img.CreateOptions {
		return img.CreateOptions{Manifest: partOf(t, text), Output: dir, Now: time.Now()}
	}
	try := func(uuid string, o img.CreateOptions, code img.Code) {
		t.Helper()
		_, err := w.CreateImage(ctx, uuid, o)
		if err == nil || img.CodeOf(err) != code || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v (%s), want %s", err, img.CodeOf(err), code)
		}
	}
	good := `{"name":"a","version":"1"}`
	try(uuidN(9), given(good), img.CodeVMNotFound)
	try(u, given(good), img.CodeVMNotStopped)
	w.must(w.Stop(ctx, u, StopOptions{Force: true}))
	try(u, given(`{"version":"1"}`), img.CodeManifest)
	try(u, given(`{"name":"a","version":"1","os":"cpm"}`), img.CodeManifest)
	deep := given(good)
	deep.Incremental, deep.MaxDepth = true, 1
	try(u, deep, img.CodeMaxDepth)
	bad := given(good)
	bad.Compression = "bzip2"
	try(u, bad, img.CodeUsage)
	w.must(os.WriteFile(filepath.Join(dir, "a-1.imgmanifest"), nil, 0o600))
	try(u, given(good), img.CodeFile)
	nowhere := given(good)
	nowhere.Output = "/nosuch/directory/a"
	try(u, nowhere, img.CodeFile)
	left, err := os.ReadDir(dir)
	w.must(err)
	if len(left) != 1 {
		t.Errorf("%v is left", left)
	}
	w.wantNoTrace(u)
}
