package enter

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zone/cgroup"
)

// innerGroup is the control group of a zone whose init has passed a controller
// on, so that the group itself takes no processes.
func innerGroup(t *testing.T) string {
	t.Helper()
	testenv.RequireRoot(t)
	set, err := cgroup.Plan(fmt.Sprintf("smartbox-test-%d", os.Getpid()), "inner")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Remove(); err != nil {
			t.Error(err)
		}
	})
	if err := set.Create(0); err != nil {
		t.Fatal(err)
	}
	dir := set.Unified()
	if dir == "" {
		t.Skip("this host has no control groups of version 2")
	}
	if have, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers")); err != nil || !slices.Contains(strings.Fields(string(have)), "memory") {
		t.Skip("this host has no controllers in version 2 of control groups")
	}
	passOn(t, dir)
	return dir
}

func passOn(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+memory"), 0); err != nil {
		t.Fatal(err)
	}
}

func TestStart_findsALeafBesideInit(t *testing.T) {
	dir := innerGroup(t)
	z := testenv.NewZone(t)
	to := target(z)
	to.Cgroups = []string{dir}
	out, code := run(t, to, shell("cat /proc/self/cgroup"), "")
	if code != 0 || !strings.Contains(out, leafName) {
		t.Errorf("code %d, it is in %s", code, out)
	}
	// The zone was before us at the name.
	leaf := filepath.Join(dir, leafName)
	passOn(t, leaf)
	if err := os.Mkdir(filepath.Join(leaf, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	out, code = run(t, to, shell("cat /proc/self/cgroup"), "")
	if code != 0 || !strings.Contains(out, leafName+"-") {
		t.Errorf("code %d, it is in %s", code, out)
	}
}

func TestDescend(t *testing.T) {
	dir := t.TempDir()
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := &cgroups{v2: fd, zone: fd}
	for try := range 3 {
		if err := c.descend(try); err != nil {
			t.Fatal(err)
		}
		if c.v2 == c.zone {
			t.Error("it is where it was")
		}
	}
	below, err := os.ReadDir(dir)
	if err != nil || len(below) != 3 || below[0].Name() != leafName {
		t.Errorf("made: %v, %v", below, err)
	}
	c.close()
	if c.v2 != -1 || c.zone != -1 {
		t.Errorf("after close: %+v", c)
	}
	// What is there already is used, but no link is followed.
	outside := t.TempDir()
	if err := os.Remove(filepath.Join(dir, leafName)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, leafName)); err != nil {
		t.Fatal(err)
	}
	fd, err = unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	c = &cgroups{v2: fd, zone: fd}
	defer c.close()
	if err := c.descend(0); err == nil {
		t.Error("a link was followed")
	}
}

func TestIsInner(t *testing.T) {
	with, without := &cgroups{v2: 3}, &cgroups{v2: -1}
	for err, want := range map[error]bool{unix.EBUSY: true, unix.EOPNOTSUPP: true, unix.EAGAIN: false, nil: false} {
		if got := with.isInner(err); got != want {
			t.Errorf("%v: %v", err, got)
		}
		if without.isInner(err) {
			t.Errorf("%v without a group", err)
		}
	}
}
