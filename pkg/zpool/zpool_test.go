package zpool_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

func TestPool_life(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{Props: map[string]string{"quota": "100M", "my:prop": "x"}}))
	file := filepath.Join(root.Pool("zones/a"), "f")
	must(t, os.WriteFile(file, []byte("one"), 0o644))
	must(t, h.Snapshot(ctx, []string{"zones/a@s"}, zpool.SnapshotOptions{}))
	must(t, os.WriteFile(file, []byte("two"), 0o644))
	must(t, h.Clone(ctx, "zones/a@s", "zones/b", zpool.CreateOptions{}))
	wantFile(t, filepath.Join(root.Pool("zones/b"), "f"), "one")
	wantFile(t, file, "two")
	must(t, h.Rollback(ctx, "zones/a@s", zpool.RollbackOptions{}))
	wantFile(t, file, "one")
	must(t, h.Rename(ctx, "zones/b", "zones/a/b", zpool.RenameOptions{}))
	must(t, h.Promote(ctx, "zones/a/b"))
	all, err := h.List(ctx, zpool.ListOptions{Types: []zpool.Type{zpool.Filesystem, zpool.Snapshot}})
	must(t, err)
	for _, d := range all {
		t.Log(d)
	}
	must(t, h.Destroy(ctx, "zones/a", zpool.DestroyOptions{Dependents: true, Recursive: true}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantFile(t testing.TB, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
	}
}
