package zone

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// poolHost has the pool zones, mounted at /zones.
func poolHost(t *testing.T) *Host {
	t.Helper()
	h := testHost(t)
	zpooltest.Pool(t, h.root)
	return h
}

// sets are the datasets and snapshots of zones.
func sets(t *testing.T, h *Host) []string {
	t.Helper()
	all, err := h.pools.List(t.Context(), zpool.ListOptions{
		Recursive: true,
		Types:     []zpool.Type{zpool.Filesystem, zpool.Snapshot},
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range all {
		if strings.HasPrefix(d.Name, "zones/") && d.Name != "zones/config" {
			names = append(names, d.Name)
		}
	}
	slices.Sort(names)
	return names
}

func wantSets(t *testing.T, h *Host, want ...string) {
	t.Helper()
	if got := sets(t, h); !slices.Equal(got, want) {
		t.Errorf("datasets are %v, want %v", got, want)
	}
}

func TestDataset_life(t *testing.T) {
	h := poolHost(t)
	base := sets(t, h)
	with := func(names ...string) []string { return slices.Sorted(slices.Values(append(names, base...))) }
	mustCreate(t, h, plain("a"))
	if err := h.Install(t.Context(), "a", InstallOptions{Props: map[string]string{"quota": "1073741824"}}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.root.Join("zones/a/root/hello"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := h.pools.Get(t.Context(), "zones/a", "quota", owner, "mountpoint")
	if err != nil || set.Int("quota") != 1<<30 || set.Get(owner) != "a" {
		t.Errorf("%+v, %v", set, err)
	}
	for i, name := range []string{"b", "c"} {
		mustCreate(t, h, plain(name))
		if err := h.Clone(t.Context(), name, "a", CloneOptions{}); err != nil {
			t.Fatal(err)
		}
		if !h.has("zones/" + name + "/root/hello") {
			t.Errorf("clone %d is empty", i)
		}
	}
	mustCreate(t, h, plain("d"))
	if err := h.Clone(t.Context(), "d", "a", CloneOptions{Snapshot: "zones/a@SUNWzone1"}); err != nil {
		t.Fatal(err)
	}
	wantSets(t, h, with("zones/a", "zones/a@SUNWzone1", "zones/a@SUNWzone2", "zones/b", "zones/c", "zones/d")...)

	// A snapshot goes with its last clone.
	for _, name := range []string{"c", "d"} {
		if err := h.Uninstall(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	wantSets(t, h, with("zones/a", "zones/a@SUNWzone1", "zones/b")...)

	// Moves are renames; clones outlive their source.
	if err := h.Move(t.Context(), "b", "/zones/new"); err != nil {
		t.Fatal(err)
	}
	if err := h.Uninstall(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if !h.has("zones/new/root/hello") || h.has("zones/a") {
		t.Error("the clone went with its source")
	}
	if err := h.Detach(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	if err := h.Attach(t.Context(), "b", false); err != nil {
		t.Fatal(err)
	}
	if c, _ := h.Load("b"); c.Dataset != "zones/new" {
		t.Errorf("%+v", c)
	}
	if err := h.Uninstall(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	wantSets(t, h, base...)
}

func TestDataset_fromAnImage(t *testing.T) {
	h := poolHost(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(h.pools.Create(t.Context(), "zones/image", zpool.CreateOptions{}))
	must(os.MkdirAll(h.root.Join("zones/image/root/etc"), 0o755))
	must(h.pools.Snapshot(t.Context(), []string{"zones/image@final"}, zpool.SnapshotOptions{}))
	mustCreate(t, h, plain("a"))
	must(h.Install(t.Context(), "a", InstallOptions{Origin: "zones/image@final"}))
	if !h.has("zones/a/root/etc") || !h.has("zones/a/cores") {
		t.Error("the image is not there")
	}
	must(h.Uninstall(t.Context(), "a"))
	if _, err := h.pools.Get(t.Context(), "zones/image@final"); err != nil {
		t.Errorf("the image went with the zone: %v", err)
	}

	// An image with a symbolic link for a root is refused, and nothing is left.
	must(os.RemoveAll(h.root.Join("zones/image/root")))
	must(os.Symlink("/etc", h.root.Join("zones/image/root")))
	must(h.pools.Snapshot(t.Context(), []string{"zones/image@evil"}, zpool.SnapshotOptions{}))
	before := sets(t, h)
	err := h.Install(t.Context(), "a", InstallOptions{Origin: "zones/image@evil"})
	if err == nil || !strings.Contains(err.Error(), "is not a directory") {
		t.Errorf("%v", err)
	}
	wantSets(t, h, before...)
	if err := h.Install(t.Context(), "a", InstallOptions{Origin: "zones/none@final"}); !errors.Is(err, zpool.ErrNotFound) {
		t.Errorf("of no image: %v", err)
	}
	if s, _ := h.Status("a"); s.State != Configured {
		t.Errorf("left %s", s.State)
	}
}

func TestDataset_othersAreNeverDestroyed(t *testing.T) {
	h := poolHost(t)
	if err := h.pools.Create(t.Context(), "zones/a", zpool.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	mustCreate(t, h, plain("a"))
	if err := h.Install(t.Context(), "a", InstallOptions{}); !errors.Is(err, zpool.ErrExists) {
		t.Errorf("%v", err)
	}
	// Even the journal of an install that died cannot make it the zone's.
	if err := h.begin(t.Context(), "a", Transition{Op: "install", Dataset: "zones/a"}); err != nil {
		t.Fatal(err)
	}
	if err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.pools.Get(t.Context(), "zones/a"); err != nil {
		t.Errorf("destroyed: %v", err)
	}
}

func TestDataset_poolGone(t *testing.T) {
	h := poolHost(t)
	mustCreate(t, h, plain("a"))
	if err := h.Install(t.Context(), "a", InstallOptions{}); err != nil {
		t.Fatal(err)
	}
	c, err := h.Load("a")
	if err != nil {
		t.Fatal(err)
	}
	c.Path, c.Dataset = "/elsewhere/a", "nosuch/a"
	if _, err := h.homeOf(t.Context(), c); !errors.Is(err, zpool.ErrNoPool) {
		t.Errorf("%v", err)
	}
	// Nor is an interrupted install undone while its dataset cannot be seen.
	if err := h.begin(t.Context(), "a", Transition{Op: "install", Dataset: "nosuch/a"}); err != nil {
		t.Fatal(err)
	}
	if err := h.Sweep(t.Context()); !errors.Is(err, zpool.ErrNoPool) {
		t.Errorf("sweep: %v", err)
	}
	if c, _ := h.Load("a"); c.State != Incomplete || c.Transition == nil {
		t.Errorf("%+v", c)
	}
}

// Whatever step an operation is killed at, datasets fit the state, and nothing
// is left when the zones are gone.
func TestDataset_crash(t *testing.T) {
	h := poolHost(t)
	base := sets(t, h)
	for which, c := range crashes {
		t.Run(c.name, func(t *testing.T) {
			for step := 1; ; step++ {
				c.setup(t, h)
				killed := crashAt(t, h, which, step)
				survives(t, h, which, step)
				removeAll(t, h)
				if got := sets(t, h); !slices.Equal(got, base) {
					t.Fatalf("step %d left %v", step, got)
				}
				if !killed {
					t.Logf("killed at %d steps", step-1)
					return
				}
			}
		})
	}
}

// The same at any moment, also in the midst of a step.
func TestDataset_crashAtRandom(t *testing.T) {
	h := poolHost(t)
	base := sets(t, h)
	for which, c := range crashes[:5] {
		t.Run(c.name, func(t *testing.T) {
			c.setup(t, h)
			begun := time.Now()
			crashAfter(t, h, which, time.Minute)
			whole := time.Since(begun)
			removeAll(t, h)
			killed := 0
			for range 8 {
				c.setup(t, h)
				if crashAfter(t, h, which, time.Duration(rand.Int64N(int64(whole)))) {
					killed++
				}
				survives(t, h, which, 0)
				removeAll(t, h)
				if got := sets(t, h); !slices.Equal(got, base) {
					t.Fatalf("left %v", got)
				}
			}
			t.Logf("killed %d times within %v", killed, whole)
		})
	}
}

func removeAll(t *testing.T, h *Host) {
	t.Helper()
	list, err := h.List()
	for _, z := range list {
		if z.State != Configured {
			err = errors.Join(err, h.Uninstall(t.Context(), z.Name))
		} else if z.Name == "z" && h.has(z.Config.Path+"/"+detachedFile) {
			err = errors.Join(err, h.Attach(t.Context(), z.Name, true), h.Uninstall(t.Context(), z.Name))
		}
		err = errors.Join(err, h.Remove(t.Context(), z.Name))
	}
	if err != nil {
		t.Fatal(fmt.Errorf("remove all zones: %w", err))
	}
}
