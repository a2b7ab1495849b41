package zpool_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

func TestDiff(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	at := func(name string) string { return filepath.Join(root.Pool("zones/a"), name) }
	write := func(name, text string) { must(t, os.WriteFile(at(name), []byte(text), 0o644)) }
	must(t, os.MkdirAll(at("dir/sub"), 0o755))
	must(t, os.MkdirAll(at("gone/deep"), 0o755))
	for _, name := range []string{"dir/kept", "dir/sub/moved along", "changed", "mode", "removed", "renamed", "read only", "gone/deep/f", "linked"} {
		write(name, name)
	}
	must(t, os.Symlink("changed", at("link")))
	must(t, h.Snapshot(ctx, []string{"zones/a@1"}, zpool.SnapshotOptions{}))
	if d := diff(t, h, "zones/a@1", ""); len(d) > 0 {
		t.Errorf("nothing changed: %v", d)
	}

	must(t, os.Rename(at("dir"), at("newdir")))
	write("newdir/added", "x")
	write("changed", "other")
	must(t, os.Chmod(at("mode"), 0o600))
	must(t, os.Remove(at("removed")))
	must(t, os.Rename(at("renamed"), at("renamed to")))
	must(t, os.Rename(at("link"), at("newdir/link")))
	must(t, os.Link(at("linked"), at("other name")))
	must(t, os.RemoveAll(at("gone")))
	write("gone", "a file now")
	if _, err := os.ReadFile(at("read only")); err != nil { // its time of access changes
		t.Fatal(err)
	}
	want := []string{
		"+F gone", "+F newdir/added", "+F other name", "-/ gone", "-/ gone/deep", "-F gone/deep/f", "-F removed",
		"M/ ", "MF changed", "MF linked", "MF mode", "R/ dir -> newdir", "R@ link -> newdir/link", "RF renamed -> renamed to",
	}
	if got := diff(t, h, "zones/a@1", ""); !slices.Equal(got, want) {
		t.Errorf("until now:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	must(t, h.Snapshot(ctx, []string{"zones/a@2"}, zpool.SnapshotOptions{}))
	if got := diff(t, h, "zones/a@1", "@2"); !slices.Equal(got, want) {
		t.Errorf("between snapshots:\n%s", strings.Join(got, "\n"))
	}
	must(t, h.Clone(ctx, "zones/a@1", "zones/c", zpool.CreateOptions{}))
	must(t, os.Remove(filepath.Join(root.Pool("zones/c"), "mode")))
	if got := diff(t, h, "zones/a@1", "zones/c"); !slices.Equal(got, []string{"-F mode", "M/ "}) {
		t.Errorf("in a clone: %v", got)
	}
	check(t, root, h, "after diff")
	for _, pair := range [][2]string{{"zones/a@2", "@1"}, {"zones/a", "zones/a@1"}, {"zones/a@2", "zones/c"}, {"zones/a@none", ""}} {
		if d, err := h.Diff(ctx, pair[0], pair[1]); err == nil {
			t.Errorf("%v: %v", pair, d)
		}
	}
	if _, err := h.Diff(ctx, "zones/a@2", "zones/c"); !errors.Is(err, zpool.ErrBadName) {
		t.Errorf("of something else: %v", err)
	}
}

func diff(t *testing.T, h *zpool.Host, from, to string) []string {
	t.Helper()
	found, err := h.Diff(t.Context(), from, to)
	must(t, err)
	var lines []string
	for _, d := range found {
		line := fmt.Sprintf("%c%c %s", d.Kind, d.Type, d.Path)
		if d.To != "" {
			line += " -> " + d.To
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func TestOwners(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	for i, owner := range []int{0, 1000, 1000, 4000000000} {
		path := filepath.Join(root.Pool("zones/a"), fmt.Sprint(i))
		_, err := fill(t, path, (i+1)*mb)
		must(t, err)
		must(t, os.Chown(path, owner, 7))
	}
	must(t, h.Snapshot(ctx, []string{"zones/a@s"}, zpool.SnapshotOptions{}))
	for _, name := range []string{"zones/a", "zones/a@s"} {
		users, err := h.Owners(ctx, name, false)
		if err != nil || len(users) != 3 || users[1] != (zpool.Owner{ID: 1000, Used: 5 * mb, Files: 2}) || users[2].ID != 4000000000 {
			t.Errorf("users of %s: %+v, %v", name, users, err)
		}
		groups, err := h.Owners(ctx, name, true)
		if err != nil || len(groups) != 2 || groups[1].ID != 7 || groups[1].Used != 10*mb {
			t.Errorf("groups of %s: %+v, %v", name, groups, err)
		}
	}
	must(t, h.Create(ctx, "zones/v", zpool.CreateOptions{Volsize: mb, Sparse: true}))
	if _, err := h.Owners(ctx, "zones/v", false); err == nil {
		t.Error("users of a volume")
	}
}
