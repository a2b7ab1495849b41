package zpool_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// What a verb has reported as done survives a power cut at that very moment:
// the pool goes on with what is on its device then.
func TestPowerCut_keepsWhatWasDone(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	must(t, h.Snapshot(ctx, []string{"zones/a@s"}, zpool.SnapshotOptions{}))
	for _, step := range []struct {
		name string
		do   func() error
		want map[string]string // dataset to its quota; empty: it must not be there
	}{
		{"create", func() error {
			return h.Create(ctx, "zones/new/deep", zpool.CreateOptions{Parents: true, Props: map[string]string{"quota": "20M"}})
		}, map[string]string{"zones/new/deep": "20971520"}},
		{"clone", func() error {
			return h.Clone(ctx, "zones/a@s", "zones/c", zpool.CreateOptions{Props: map[string]string{"quota": "30M"}})
		}, map[string]string{"zones/c": "31457280", "zones/new": "0"}},
		{"snapshot", func() error {
			return h.Snapshot(ctx, []string{"zones/c@x"}, zpool.SnapshotOptions{})
		}, map[string]string{"zones/c@x": "-"}},
		{"rollback", func() error {
			return h.Rollback(ctx, "zones/c@x", zpool.RollbackOptions{})
		}, map[string]string{"zones/c": "31457280"}},
		{"set", func() error {
			return h.Set(ctx, "zones/c", map[string]string{"quota": "10M"})
		}, map[string]string{"zones/c": "10485760"}},
		{"rename", func() error {
			return h.Rename(ctx, "zones/c", "zones/new/c", zpool.RenameOptions{})
		}, map[string]string{"zones/c": "", "zones/new/c": "10485760"}},
		{"destroy", func() error {
			return h.Destroy(ctx, "zones/new", zpool.DestroyOptions{Recursive: true})
		}, map[string]string{"zones/new": "", "zones/new/c": "", "zones/a": "0"}},
	} {
		must(t, step.do())
		cutPower(t, h)
		check(t, root, h, "power cut after "+step.name)
		for name, quota := range step.want {
			d, err := h.Get(ctx, name, "quota")
			switch {
			case quota == "" && !errors.Is(err, zpool.ErrNotFound):
				t.Errorf("%s: %s came back: %v", step.name, name, err)
			case quota != "" && (err != nil || d.Props["quota"].Value != quota):
				t.Errorf("%s: %s has quota %v, %v; want %s", step.name, name, d.Props["quota"], err, quota)
			}
			if n := d.Int("quota"); n > 0 {
				wantQuota(t, step.name, filepath.Join(root.Pool(name), "big"), int(n))
			}
		}
	}
}

// cutPower goes on with the device as it is now, without what the kernel has
// not written yet.
func cutPower(t *testing.T, h *zpool.Host) {
	t.Helper()
	pools, err := h.Pools(t.Context(), "zones")
	must(t, err)
	file := pools[0].Devices[0].Path
	if out, err := exec.Command("cp", "--sparse=always", file, file+".now").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	must(t, h.ExportPool(t.Context(), "zones", false))
	must(t, os.Rename(file+".now", file))
	must(t, h.ImportPool(t.Context(), "zones", zpool.ImportOptions{Dirs: []string{file}}))
}
