package zpool_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// near wants a number of bytes within a tenth, or 64K, of what it should be.
func near(t *testing.T, h *zpool.Host, name, prop string, want int64) {
	t.Helper()
	d, err := h.Get(t.Context(), name, prop)
	must(t, err)
	if got := d.Int(prop); got < want-want/10-64<<10 || got > want+want/10+64<<10 {
		t.Errorf("%s of %s: %d, want about %d", prop, name, got, want)
	}
}

func TestSpace_columns(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a/child", zpool.CreateOptions{Parents: true}))
	write := func(dataset, name string, size int) {
		t.Helper()
		if _, err := fill(t, filepath.Join(root.Pool(dataset), name), size); err != nil {
			t.Fatal(err)
		}
	}
	snap := func(name string) { t.Helper(); must(t, h.Snapshot(ctx, []string{name}, zpool.SnapshotOptions{})) }
	write("zones/a", "kept", 8*mb)
	write("zones/a", "replaced", 4*mb)
	write("zones/a/child", "f", 2*mb)
	snap("zones/a@1")
	near(t, h, "zones/a", "written", 0)
	must(t, os.Remove(filepath.Join(root.Pool("zones/a"), "replaced")))
	write("zones/a", "new", 3*mb)
	snap("zones/a@2") // commits
	for prop, want := range map[string]int64{
		"used": 17 * mb, "usedbydataset": 11 * mb, "usedbysnapshots": 4 * mb, "usedbychildren": 2 * mb, "usedbyrefreservation": 0,
		"written": 0, "written@1": 3 * mb, "compressratio": 1,
	} {
		near(t, h, "zones/a", prop, want)
	}
	near(t, h, "zones/a@2", "written", 3*mb)
	near(t, h, "zones/a@1", "written", 12*mb)
	near(t, h, "zones/a@1", "referenced", 12*mb)

	must(t, h.Clone(ctx, "zones/a@1", "zones/c", zpool.CreateOptions{}))
	write("zones/c", "own", 5*mb)
	snap("zones/c@1")
	for prop, want := range map[string]int64{"used": 5 * mb, "referenced": 17 * mb, "usedbydataset": 5 * mb, "usedbysnapshots": 0} {
		near(t, h, "zones/c", prop, want)
	}
	d, err := h.Get(ctx, "zones/a", "written@none", "written@2", "written@1")
	if err != nil || d.Props["written@none"].Value != "-" || d.Int("written@2") != 0 {
		t.Errorf("written since: %+v, %v", d.Props, err)
	}
}

func TestSpace_compressed(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{Props: map[string]string{"compression": "zstd"}}))
	must(t, os.WriteFile(filepath.Join(root.Pool("zones/a"), "f"), []byte(strings.Repeat("same again ", 1<<20)), 0o644))
	must(t, h.Snapshot(ctx, []string{"zones/a@s"}, zpool.SnapshotOptions{}))
	for _, name := range []string{"zones/a", "zones/a@s"} {
		d, err := h.Get(ctx, name, "compressratio", "logicalreferenced", "referenced")
		must(t, err)
		ratio, err := strconv.ParseFloat(d.Get("compressratio"), 64)
		if err != nil || ratio < 10 || d.Int("logicalreferenced") < 10*d.Int("referenced") {
			t.Errorf("%s: %+v, %v", name, d.Props, err)
		}
	}
}
