package zpool_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// Every stream that real ZFS wrote becomes the tree that it was made from.
func TestReceive_goldenStreams(t *testing.T) {
	dir, all := goldenStreams(t)
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	for _, g := range all {
		if g.Expect != "ok" || g.Manifest == "" {
			continue
		}
		t.Run(g.Stream+" "+filepath.Base(g.Snapshot), func(t *testing.T) {
			top := "zones/g"
			for _, stream := range append(g.ApplyAfter, g.Stream) {
				o := zpool.ReceiveOptions{Force: true, Resumable: strings.Contains(stream, "first-part-cut")}
				if strings.Contains(stream, "clone") {
					top = "zones/clone"
				}
				err := h.Receive(t.Context(), top, openGzip(t, filepath.Join(dir, stream)), o)
				if err != nil && !o.Resumable {
					t.Fatal(stream, err)
				}
			}
			t.Cleanup(func() {
				for _, name := range []string{"zones/clone", "zones/g"} {
					err := h.Destroy(t.Context(), name, zpool.DestroyOptions{Dependents: true})
					if but(zpool.ErrNotFound, err) != nil {
						t.Error(err)
					}
				}
			})
			compareReceived(t, root, h, top, dir, g)
		})
	}
}

func compareReceived(t *testing.T, root paths.Root, h *zpool.Host, top, dir string, g golden) {
	t.Helper()
	at := root.Pool(top)
	if of, snap, several := strings.Cut(g.Snapshot, "@"); several && strings.Contains(g.Stream, "-R") {
		_, below, _ := strings.Cut(of, "/")
		if _, deep, child := strings.Cut(below, "/"); child {
			top += "/" + deep
		}
		must(t, h.Clone(t.Context(), top+"@"+snap, "zones/look", zpool.CreateOptions{}))
		defer func() { must(t, h.Destroy(t.Context(), "zones/look", zpool.DestroyOptions{})) }()
		at = root.Pool("zones/look")
	}
	if strings.Contains(g.Stream, "/vol") {
		var want struct {
			SHA256 string `json:"sha256"`
			Size   int64  `json:"size"`
		}
		must(t, json.NewDecoder(openGzip(t, filepath.Join(dir, g.Manifest))).Decode(&want))
		d, err := h.Get(t.Context(), top, "volsize", "type", "objsetid")
		must(t, err)
		trees, err := filepath.Glob(filepath.Join(root.Run(), "pools/zones/trees/*/volume"))
		must(t, err)
		same := 0
		for _, tree := range trees { // the volume and its newest snapshot
			got, err := sumOf(tree)
			if must(t, err); got == want.SHA256 {
				same++
			}
		}
		if d.Int("volsize") != want.Size || same != 2 {
			t.Errorf("volume of %d bytes, content found %d times; want %d bytes", d.Int("volsize"), same, want.Size)
		}
		return
	}
	got, want := treeOf(t, at), readManifest(t, filepath.Join(dir, g.Manifest))
	if strings.HasPrefix(g.Stream, "zfs-fuse") {
		loseFuse(got)
		loseFuse(want)
	}
	compareTrees(t, got, want)
}

// What is damaged or hostile is refused in few words, and leaves nothing.
func TestReceive_badStreams(t *testing.T) {
	dir, all := goldenStreams(t)
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	for _, g := range all {
		base := filepath.Base(g.Stream)
		if g.Expect == "ok" || strings.HasPrefix(g.Expect, "ok") || strings.Contains(base, "huge-size") {
			continue
		}
		t.Run(g.Stream, func(t *testing.T) {
			err := h.Receive(t.Context(), "zones/bad", openGzip(t, filepath.Join(dir, g.Stream)), zpool.ReceiveOptions{})
			if err == nil {
				t.Errorf("taken; expected %q", g.Expect)
				must(t, h.Destroy(t.Context(), "zones/bad", zpool.DestroyOptions{Recursive: true}))
				return
			}
			if strings.Count(err.Error(), "\n") > 0 {
				t.Errorf("refused in several lines: %v", err)
			}
			t.Log(err)
			check(t, root, h, base)
			wantNothingBeside(t, root)
		})
	}
}

// wantNothingBeside makes sure that no table or arrival is left.
func wantNothingBeside(t testing.TB, root paths.Root) {
	t.Helper()
	for _, dir := range []string{"objects", "receiving"} {
		left, err := os.ReadDir(filepath.Join(root.Run(), "pools/zones", dir))
		if err != nil && !os.IsNotExist(err) || len(left) > 0 {
			t.Errorf("%s: %v, %v", dir, left, err)
		}
	}
}
