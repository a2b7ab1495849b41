package zpool_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// Snapshots that are taken together are as near to each other as the kernel
// can take them: nothing is committed in between, and what was written before
// is in all of them.
func TestSnapshot_togetherAreNear(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := context.Background()
	const n = 6
	names := []string{"zones/a"}
	for i := range n - 1 {
		names = append(names, fmt.Sprintf("zones/a/b%d", i))
	}
	for _, name := range names {
		if err := h.Create(ctx, name, zpool.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root.Join(name), "file"), []byte(strings.Repeat(name, 1<<16)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Snapshot(ctx, []string{"zones/a@s"}, zpool.SnapshotOptions{Recursive: true}); err != nil {
		t.Fatal(err)
	}
	var first, last int64
	for i, name := range names {
		s, err := h.Get(ctx, name+"@s", "createtxg")
		if err != nil {
			t.Fatal(err)
		}
		txg := s.Int("createtxg")
		if i == 0 {
			first, last = txg, txg
		}
		first, last = min(first, txg), max(last, txg)
		if err := os.WriteFile(filepath.Join(root.Join(name), "file"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if last-first >= n {
		t.Errorf("%d snapshots are %d commits apart", n, last-first)
	}
	for _, name := range names {
		if err := h.Rollback(ctx, name+"@s", zpool.RollbackOptions{}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(root.Join(name), "file")); err != nil || string(got) != strings.Repeat(name, 1<<16) {
			t.Errorf("%s@s lacks what was written before: %d bytes, %v", name, len(got), err)
		}
	}
}
