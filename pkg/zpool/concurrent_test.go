package zpool_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// Eight processes at once, half of them asking for the same names.
func TestConcurrent_processes(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	must(t, h.Snapshot(ctx, []string{"zones/a@s"}, zpool.SnapshotOptions{}))
	var wg sync.WaitGroup
	for i := range 8 {
		for _, verb := range []string{fmt.Sprintf("make %d", i), "create", "clone", "snapshot", "hold", "volume"} {
			wg.Go(func() {
				cmd := exec.Command(os.Args[0], "-test.run=^$")
				cmd.Env = append(os.Environ(), verbEnv+"="+verb, "SMARTBOX_ROOT="+string(root))
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %v: %s", verb, err, out)
				}
			})
		}
	}
	for range 20 { // and a reader that never waits
		if _, err := h.List(ctx, zpool.ListOptions{Props: []string{"name", "used", "mounted"}}); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	check(t, root, h, "after all")
	for i := range 8 {
		for j := range 3 {
			if _, err := h.Get(ctx, fmt.Sprintf("zones/made-%d-%d", i, j), "name"); err != nil {
				t.Error(err)
			}
		}
	}
}

// A pool that is full refuses in one clear way, leaves nothing half-made, and
// lets go of what it holds.
func TestFull_pool(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.PoolSized(t, root, 256*mb)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	n, err := fill(t, filepath.Join(root.Pool("zones/a"), "f"), 512*mb)
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("filled the pool with %d bytes: %v", n, err)
	}
	err = h.Snapshot(ctx, []string{"zones/a@s"}, zpool.SnapshotOptions{})
	if err != nil && !errors.Is(err, zpool.ErrNoSpace) {
		t.Errorf("snapshot on a full pool: %v", err)
	}
	for i := range 2000 { // until the metadata is full as well
		name := fmt.Sprintf("zones/a/%d", i)
		if err = h.Create(ctx, name, zpool.CreateOptions{}); err != nil {
			break
		}
	}
	if err != nil && !errors.Is(err, zpool.ErrNoSpace) {
		t.Errorf("create on a full pool: %v; want %v", err, zpool.ErrNoSpace)
	}
	t.Logf("at the end: %v", err)
	check(t, root, h, "on a full pool")
	must(t, h.Set(ctx, "zones/a", map[string]string{"my:prop": "still works"}))
	must(t, h.Destroy(ctx, "zones/a", zpool.DestroyOptions{Recursive: true}))
	check(t, root, h, "after making room")
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
}
