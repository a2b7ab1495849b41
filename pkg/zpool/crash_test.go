package zpool_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// verbEnv makes the test binary run one verb and end: what the tests kill.
const verbEnv = "ZPOOL_TEST_VERB"

func TestMain(m *testing.M) {
	if verb := os.Getenv(verbEnv); verb != "" {
		h := zpool.New(paths.Root(os.Getenv("SMARTBOX_ROOT")), slog.New(slog.DiscardHandler))
		if err := runVerb(context.Background(), h, verb); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// runVerb does one change. Each can be run again after it was cut off, whether
// it had come to its end or not.
func runVerb(ctx context.Context, h *zpool.Host, verb string) error {
	if n, ok := strings.CutPrefix(verb, "make "); ok {
		var errs []error
		for i := range 3 {
			errs = append(errs, h.Create(ctx, fmt.Sprintf("zones/made-%s-%d", n, i), zpool.CreateOptions{}))
		}
		return errors.Join(errs...)
	}
	if name, ok := strings.CutPrefix(verb, "receive "); ok {
		return but(zpool.ErrExists, verbReceive(ctx, h, name))
	}
	switch verb {
	case "create":
		return but(zpool.ErrExists, h.Create(ctx, "zones/new/deep", zpool.CreateOptions{
			Parents: true, Props: map[string]string{"quota": "50M", "a:b": "c"},
		}))
	case "clone":
		return but(zpool.ErrExists, h.Clone(ctx, "zones/a@s", "zones/clone", zpool.CreateOptions{
			Props: map[string]string{"quota": "50M"},
		}))
	case "snapshot":
		return but(zpool.ErrExists, h.Snapshot(ctx, []string{"zones/a@new"}, zpool.SnapshotOptions{Recursive: true}))
	case "rollback":
		return h.Rollback(ctx, "zones/a@s", zpool.RollbackOptions{Dependents: true})
	case "rename":
		return but(zpool.ErrNotFound, h.Rename(ctx, "zones/a", "zones/deep/er/a", zpool.RenameOptions{Parents: true}))
	case "rename-back":
		return but(zpool.ErrNotFound, h.Rename(ctx, "zones/deep/er/a", "zones/a", zpool.RenameOptions{}))
	case "set":
		return h.Set(ctx, "zones/a", map[string]string{"mountpoint": "/elsewhere", "quota": "60M", "readonly": "on"})
	case "unset":
		return errors.Join(h.Inherit(ctx, "zones/a", "mountpoint", zpool.InheritOptions{}), h.Inherit(ctx, "zones/a", "readonly", zpool.InheritOptions{}))
	case "promote":
		return but(nil, h.Promote(ctx, "zones/clone")) // done before, it is no clone any more
	case "promote-back":
		return but(nil, h.Promote(ctx, "zones/a"))
	case "hold":
		return but(zpool.ErrExists, h.Hold(ctx, []string{"zones/a@s"}, "tag", true))
	case "release":
		return but(zpool.ErrNotFound, h.Release(ctx, []string{"zones/a@s"}, "tag", true))
	case "volume":
		return but(zpool.ErrExists, h.Create(ctx, "zones/vol", zpool.CreateOptions{Volsize: 16 << 20}))
	case "volume-snapshot":
		return but(zpool.ErrExists, h.Snapshot(ctx, []string{"zones/vol@s"}, zpool.SnapshotOptions{}))
	case "volume-grow":
		return h.Set(ctx, "zones/vol", map[string]string{"volsize": "32M"})
	case "volume-rollback":
		return h.Rollback(ctx, "zones/vol@s", zpool.RollbackOptions{})
	case "volume-destroy":
		return but(zpool.ErrNotFound, h.Destroy(ctx, "zones/vol", zpool.DestroyOptions{Recursive: true}))
	case "pool-create":
		disk := filepath.Join(os.Getenv("SMARTBOX_ROOT"), "disk")
		return but(zpool.ErrPoolExists, h.CreatePool(ctx, "tank", zpool.PoolOptions{Devices: []string{disk}}))
	case "pool-destroy":
		return but(zpool.ErrNoPool, h.DestroyPool(ctx, "tank", false))
	case "destroy":
		return but(zpool.ErrNotFound, h.Destroy(ctx, "zones/new", zpool.DestroyOptions{Dependents: true}))
	case "destroy-clone":
		return but(zpool.ErrNotFound, h.Destroy(ctx, "zones/clone", zpool.DestroyOptions{Recursive: true}))
	}
	return fmt.Errorf("no verb %q", verb)
}

// but drops the error that says that the verb was done before; nil drops all.
func but(done, err error) error {
	if done == nil || errors.Is(err, done) {
		return nil
	}
	return err
}

// The order lets every verb find what it needs.
var crashVerbs = []string{
	"create", "snapshot", "clone", "promote", "promote-back", "set", "unset", "hold", "rename", "rename-back", "release",
	"volume", "volume-snapshot", "volume-grow", "volume-rollback", "volume-destroy", "destroy-clone", "rollback", "destroy",
}

// A verb killed at any moment leaves a pool that the next command repairs, in
// which it can be run again.
func TestCrash_anyMoment(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	must(t, h.Create(ctx, "zones/a/child", zpool.CreateOptions{}))
	must(t, os.WriteFile(filepath.Join(root.Pool("zones/a"), "f"), []byte("kept"), 0o644))
	must(t, h.Snapshot(ctx, []string{"zones/a@s"}, zpool.SnapshotOptions{Recursive: true}))
	took := make(map[string]time.Duration)
	for round := range rounds() {
		verb := crashVerbs[round%len(crashVerbs)]
		killed := killedRun(t, root, verb, took)
		check(t, root, h, fmt.Sprintf("round %d: after %s (killed %v)", round, verb, killed))
		if err := runVerb(ctx, h, verb); err != nil {
			t.Fatalf("round %d: %s again: %v", round, verb, err)
		}
		check(t, root, h, fmt.Sprintf("round %d: after %s again", round, verb))
	}
	wantFile(t, filepath.Join(root.Pool("zones/a"), "f"), "kept")
}

// rounds is three of each verb, or what SMARTBOX_TORTURE says.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("SMARTBOX_TORTURE")); err == nil {
		return n
	}
	if testing.Short() {
		return len(crashVerbs)
	}
	return 3 * len(crashVerbs)
}

// killedRun runs a verb in a process and kills it at a random moment of the
// time that it took before.
func killedRun(t *testing.T, root paths.Root, verb string, took map[string]time.Duration) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), verbEnv+"="+verb, "SMARTBOX_ROOT="+string(root))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	limit := took[verb]
	if limit == 0 {
		limit = 100 * time.Millisecond
	}
	start := time.Now()
	must(t, cmd.Start())
	timer := time.AfterFunc(rand.N(limit), func() { cmd.Process.Kill() })
	err := cmd.Wait()
	if timer.Stop() || err == nil {
		took[verb] = time.Since(start)
	}
	if err != nil && cmd.ProcessState.ExitCode() >= 0 {
		t.Fatalf("%s: %v: %s", verb, err, stderr.String())
	}
	return err != nil
}

// check lists the pool and compares what is there with what should be: one
// subvolume for each dataset and snapshot, each filesystem mounted once where
// it belongs.
func check(t *testing.T, root paths.Root, h *zpool.Host, when string) {
	t.Helper()
	all, err := h.List(t.Context(), zpool.ListOptions{
		Types: []zpool.Type{zpool.Filesystem, zpool.Volume, zpool.Snapshot}, Props: []string{"mounted", "mountpoint", "used"},
	})
	if err != nil {
		t.Fatalf("%s: list: %v", when, err)
	}
	trees, err := os.ReadDir(filepath.Join(root.Run(), "pools/zones/trees"))
	must(t, err)
	if len(trees) != len(all) {
		t.Fatalf("%s: %d subvolumes for %d datasets and snapshots: %v", when, len(trees), len(all), all)
	}
	want := map[string]int{filepath.Join(root.Run(), "pools/zones"): 1}
	for _, d := range all {
		if d.Type == zpool.Volume {
			if _, err := os.Stat(root.Join("dev/zvol", d.Name)); err != nil {
				t.Fatalf("%s: %s is no block device: %v", when, d.Name, err)
			}
		}
		if d.Type == zpool.Filesystem {
			want[root.Join(d.Get("mountpoint"))]++
		}
	}
	mounts := mountsBelow(t, string(root))
	for path, n := range want {
		if mounts[path] != n {
			t.Fatalf("%s: %s is mounted %d times, want %d", when, path, mounts[path], n)
		}
	}
	if len(mounts) != len(want) {
		t.Fatalf("%s: mounted %v, want %v", when, mounts, want)
	}
}

func mountsBelow(t *testing.T, dir string) map[string]int {
	t.Helper()
	data, err := os.ReadFile("/proc/self/mountinfo")
	must(t, err)
	found := make(map[string]int)
	for line := range strings.Lines(string(data)) {
		if path := strings.Fields(line)[4]; strings.HasPrefix(path, dir+"/") {
			found[path]++
		}
	}
	return found
}

// Making and destroying a pool, killed at any moment, can be done again.
func TestCrash_pool(t *testing.T) {
	testenv.RequireRoot(t)
	testenv.RequireCommand(t, "mkfs.btrfs")
	root := testenv.Root(t)
	t.Setenv("SMARTBOX_ROOT", string(root))
	h := zpool.New(root, slog.New(slog.DiscardHandler))
	ctx := t.Context()
	t.Cleanup(func() {
		if err := runVerb(context.Background(), h, "pool-destroy"); err != nil {
			t.Error(err)
		}
	})
	disk := root.Join("disk")
	must(t, os.WriteFile(disk, nil, 0o600))
	must(t, os.Truncate(disk, 256<<20))
	took := make(map[string]time.Duration)
	for round := range rounds() / 2 {
		killedRun(t, root, "pool-create", took)
		must(t, runVerb(ctx, h, "pool-create"))
		must(t, h.Create(ctx, "tank/a", zpool.CreateOptions{}))
		killedRun(t, root, "pool-destroy", took)
		must(t, runVerb(ctx, h, "pool-destroy"))
		if left := mountsBelow(t, string(root)); len(left) > 0 {
			t.Fatalf("round %d: mounts left: %v", round, left)
		}
		if found, err := h.Importable(ctx, []string{disk}); err != nil || len(found) > 0 {
			t.Fatalf("round %d: still there: %v, %v", round, found, err)
		}
	}
}
