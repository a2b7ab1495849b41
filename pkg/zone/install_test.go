package zone

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

// exists reports whether a path below the root is there.
func (h *Host) has(path string) bool {
	_, err := os.Lstat(h.root.Join(path))
	return err == nil
}

func TestInstall_plain(t *testing.T) {
	testenv.RequireRoot(t)
	h := testHost(t)
	mustCreate(t, h, plain("a"))
	if err := h.Install(t.Context(), "a", InstallOptions{Plain: true}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{"/zones/a": 0o700, "/zones/a/root": 0o755, "/zones/a/config": 0o755, "/zones/a/cores": 0o700} {
		info, err := os.Stat(h.root.Join(path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	s, err := h.Status("a")
	if err != nil || s.State != Installed || len(s.Config.UUID) != 36 || s.Config.Transition != nil {
		t.Fatalf("%+v, %v", s.Config, err)
	}
	err = h.Install(t.Context(), "a", InstallOptions{})
	if e, ok := errors.AsType[*StateError](err); !ok || e.State != Installed {
		t.Errorf("twice: %v", err)
	}
	if err := h.Uninstall(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if s, _ := h.Status("a"); s.State != Configured || h.has("/zones/a") || s.Config.UUID == "" {
		t.Errorf("after uninstall: %+v", s.Config)
	}
	err = h.Uninstall(t.Context(), "a")
	if e, ok := errors.AsType[*StateError](err); !ok || e.State != Configured {
		t.Errorf("uninstall twice: %v", err)
	}
}

func TestInstall_refusesWhatIsThere(t *testing.T) {
	testenv.RequireRoot(t)
	h := testHost(t)
	mustCreate(t, h, plain("a"))
	if err := os.MkdirAll(h.root.Join("zones/a/root/precious"), 0o755); err != nil {
		t.Fatal(err)
	}
	err := h.Install(t.Context(), "a", InstallOptions{Plain: true})
	if !errors.Is(err, os.ErrExist) || !strings.Contains(err.Error(), "/zones/a/root: ") || !h.has("zones/a/root/precious") {
		t.Errorf("%v", err)
	}
	if s, _ := h.Status("a"); s.State != Configured {
		t.Errorf("state %s", s.State)
	}
}

func TestInstall_hostileZonepaths(t *testing.T) {
	testenv.RequireRoot(t)
	h := testHost(t)
	outside := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(h.root.Join("zones"), 0o755))
	must(os.Symlink(outside, h.root.Join("zones/link")))
	must(os.WriteFile(h.root.Join("zones/file"), nil, 0o600))
	must(os.MkdirAll(h.root.Join("open"), 0o755))
	must(os.Chmod(h.root.Join("open"), 0o777))
	must(os.MkdirAll(h.root.Join("theirs/z"), 0o755))
	must(os.Chown(h.root.Join("theirs"), 1000, 1000))
	installed := plain("other")
	installed.State, installed.Path = Installed, "/zones/other"
	mustCreate(t, h, installed)
	for path, want := range map[string]string{
		"/zones/link":     "a symbolic link leads elsewhere",
		"/zones/file":     "/zones/file is not a directory",
		"/zones/link/sub": "",
		"/open/z":         "/open must not be group writable\n/open must not be world writable",
		"/theirs/z":       "/theirs is not owned by root",
		"/zones/other/z":  "z zonepath (/zones/other/z) and other zonepath (/zones/other) overlap",
		"/zones":          "overlap",
	} {
		if want == "" {
			continue
		}
		c := plain("z")
		c.Path = path
		mustCreate(t, h, c)
		err := h.Install(t.Context(), "z", InstallOptions{Plain: true})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
		must(h.Remove(t.Context(), "z"))
	}
	if left, _ := os.ReadDir(outside); len(left) > 0 {
		t.Errorf("wrote outside: %v", left)
	}
}

func TestUninstall_keepsUserData(t *testing.T) {
	testenv.RequireRoot(t)
	h := testHost(t)
	mustCreate(t, h, plain("a"))
	if err := h.Install(t.Context(), "a", InstallOptions{Plain: true}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.root.Join("zones/a/mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.Uninstall(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if !h.has("zones/a/mine") || h.has("zones/a/root") {
		t.Error("removed the wrong files")
	}
}

func TestClone_copies(t *testing.T) {
	testenv.RequireRoot(t)
	h := testHost(t)
	source(t, h, "a")
	mustCreate(t, h, plain("b"))
	if err := h.Clone(t.Context(), "b", "a", CloneOptions{}); err != nil {
		t.Fatal(err)
	}
	a, _ := h.Load("a")
	b, _ := h.Load("b")
	text, err := os.ReadFile(h.root.Join("zones/b/root/etc/hello"))
	if err != nil || string(text) != "hello" || b.State != Installed || b.UUID == "" || a.UUID == b.UUID {
		t.Errorf("%q, %v, %+v", text, err, b)
	}
	lx := plain("c")
	lx.Brand = "lx"
	mustCreate(t, h, lx)
	if err := h.Clone(t.Context(), "c", "a", CloneOptions{}); err == nil || !strings.Contains(err.Error(), "brand lx differs") {
		t.Errorf("across brands: %v", err)
	}
	if err := h.Clone(t.Context(), "c", "none", CloneOptions{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("of nothing: %v", err)
	}
}

// source is an installed zone with a file in it.
func source(t testing.TB, h *Host, name string) {
	t.Helper()
	mustCreate(t, h, plain(name))
	if err := h.Install(context.Background(), name, InstallOptions{}); err != nil {
		t.Fatal(err)
	}
	etc := h.root.Join("zones", name, "root/etc")
	if err := os.Mkdir(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(etc, "hello"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestMove(t *testing.T) {
	testenv.RequireRoot(t)
	h := testHost(t)
	source(t, h, "a")
	if err := h.Move(t.Context(), "a", "/elsewhere/a"); err != nil {
		t.Fatal(err)
	}
	c, err := h.Load("a")
	if err != nil || c.Path != "/elsewhere/a" || c.State != Installed || h.has("zones/a") || !h.has("elsewhere/a/root/etc/hello") {
		t.Errorf("%+v, %v", c, err)
	}
	if err := h.Move(t.Context(), "a", "/elsewhere/a/b"); err == nil || !strings.Contains(err.Error(), "overlap") {
		t.Errorf("into itself: %v", err)
	}
	if err := os.Mkdir(h.root.Join("taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := h.Move(t.Context(), "a", "/taken"); !errors.Is(err, os.ErrExist) {
		t.Errorf("onto something: %v", err)
	}
}

func TestDetachAttach(t *testing.T) {
	testenv.RequireRoot(t)
	h := testHost(t)
	source(t, h, "a")
	manifest, err := h.DetachManifest(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Detach(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if c, _ := h.Load("a"); c.State != Configured || !h.has("zones/a/root/etc/hello") {
		t.Errorf("%+v", c)
	}
	if err := h.Install(t.Context(), "a", InstallOptions{}); err == nil || !strings.Contains(err.Error(), "cannot install detached zone") {
		t.Errorf("install of a detached zone: %v", err)
	}
	if was, err := h.ReadDetached("/zones/a"); err != nil || was.Name != "a" {
		t.Errorf("%+v, %v", was, err)
	}
	if err := h.CheckManifest("a", bytes.NewReader(manifest)); err != nil {
		t.Error(err)
	}
	if err := h.Attach(t.Context(), "a", false); err != nil {
		t.Fatal(err)
	}
	if c, _ := h.Load("a"); c.State != Installed || h.has("zones/a/"+detachedFile) {
		t.Errorf("%+v", c)
	}
}

func TestAttach_wantsADetachedZone(t *testing.T) {
	testenv.RequireRoot(t)
	h := testHost(t)
	mustCreate(t, h, plain("a"))
	if err := h.Attach(t.Context(), "a", true); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	if err := os.MkdirAll(h.root.Join("zones/a/root"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := h.Attach(t.Context(), "a", false); err == nil || !strings.Contains(err.Error(), "holds no detached zone") {
		t.Errorf("without a manifest: %v", err)
	}
	if err := h.Attach(t.Context(), "a", true); err != nil {
		t.Errorf("forced: %v", err)
	}
}

func TestMark(t *testing.T) {
	testenv.RequireRoot(t)
	h := testHost(t)
	source(t, h, "a")
	if err := h.Mark(t.Context(), "a", Incomplete, false); err != nil {
		t.Fatal(err)
	}
	if err := h.Mark(t.Context(), "a", Installed, false); err == nil {
		t.Error("marked installed without force")
	}
	if err := h.Uninstall(t.Context(), "a"); err != nil || h.has("zones/a") {
		t.Errorf("uninstall of an incomplete zone: %v", err)
	}
}

func TestOperations_refuseRunningZones(t *testing.T) {
	h := testHost(t)
	installed(t, h, "a")
	mustCreate(t, h, plain("b"))
	runs(t, h, "a", RunState{BootID: thisBoot(t), ID: 3, State: Running}, true)
	ctx := t.Context()
	for op, err := range map[string]error{
		"uninstall": h.Uninstall(ctx, "a"), "detach": h.Detach(ctx, "a"), "move": h.Move(ctx, "a", "/zones/c"),
		"mark": h.Mark(ctx, "a", Incomplete, false), "clone": h.Clone(ctx, "b", "a", CloneOptions{}),
		"install": h.Install(ctx, "a", InstallOptions{}), "attach": h.Attach(ctx, "a", true), "delete": h.Remove(ctx, "a"),
	} {
		if e, ok := errors.AsType[*StateError](err); !ok || e.State != Running || e.Op != op {
			t.Errorf("%s: %v", op, err)
		}
	}
}
