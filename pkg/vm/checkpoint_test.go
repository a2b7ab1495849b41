package vm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckpoints(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	u := w.create(tiny(1, `"autoboot":true`))
	root := filepath.Join(w.root.Join("zones", u), "root")
	w.must(os.WriteFile(filepath.Join(root, "file"), []byte("one"), 0o600))
	w.must(w.CreateSnapshot(ctx, u, "s1"))
	w.must(os.WriteFile(filepath.Join(root, "file"), []byte("two"), 0o600))
	w.must(w.CreateSnapshot(ctx, u, "s.2"))
	w.must(os.WriteFile(filepath.Join(root, "file"), []byte("three"), 0o600))
	look := func(when, want string) {
		t.Helper()
		got := w.inZone(u, `for d in /checkpoints/*; do [ -e $d/file ] && echo "$d $(cat $d/file) $(stat -c %u $d/file)"; done; cat /file`)
		if got = strings.Join(strings.Fields(got), " "); got != want {
			t.Errorf("%s it sees %q, want %q", when, got, want)
		}
	}
	both := "/checkpoints/s.2 two 0 /checkpoints/s1 one 0 three"
	look("after two snapshots", both)
	if got := w.inZone(u, "echo x 2>/dev/null >/checkpoints/s1/file || echo refused; touch /checkpoints/s1/new 2>/dev/null || echo refused; cat /checkpoints/s1/file"); got != "refused\nrefused\none" {
		t.Errorf("a write into a snapshot: %s", got)
	}
	w.must(w.Reboot(ctx, u, true))
	look("after a reboot", both)
	w.must(w.Stop(ctx, u, StopOptions{Force: true}))
	w.must(w.Start(ctx, u, StartOptions{}))
	look("after a start", both)

	// A file that is open there does not keep a snapshot from going.
	w.inZone(u, "sleep 100 </checkpoints/s1/file >/dev/null 2>&1 &")
	w.must(w.DeleteSnapshot(ctx, u, "s1"))
	look("after one went", "/checkpoints/s.2 two 0 three")
	if got := w.inZone(u, "ls /checkpoints"); got != "s.2" {
		t.Errorf("/checkpoints has %s", got)
	}
	w.must(w.RollbackSnapshot(ctx, u, "s.2"))
	look("after a rollback", "/checkpoints/s.2 two 0 two")
	if len(w.warn) != 0 {
		t.Errorf("warnings: %q", w.warn)
	}
	w.must(w.Delete(ctx, u))
	w.gone(u)
}

// Nothing that the machine's root puts in the way leads a mount or a directory
// out of it, or keeps snapshots from being taken and going.
func TestCheckpoints_ofAHostileMachine(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	outside := t.TempDir()
	u := w.create(tiny(1, `"autoboot":true`))
	for _, plant := range []string{
		"ln -s ../../../../../../.." + outside + " /checkpoints",
		"ln -s /proc /checkpoints",
		"echo x >/checkpoints",
		"mkdir /checkpoints; ln -s " + outside + " /checkpoints/s",
		"mkdir /checkpoints; mount -t tmpfs x /checkpoints",
	} {
		w.inZone(u, "umount /checkpoints 2>/dev/null; rm -rf /checkpoints; "+plant)
		w.must(w.CreateSnapshot(ctx, u, "s"))
		w.must(w.DeleteSnapshot(ctx, u, "s"))
		if left, err := os.ReadDir(outside); err != nil || len(left) != 0 {
			t.Errorf("%s: outside there is %v, %v", plant, left, err)
		}
		mounts, err := os.ReadFile("/proc/self/mountinfo")
		w.must(err)
		if strings.Contains(string(mounts), outside) {
			t.Errorf("%s: a mount is outside", plant)
		}
		w.want(u, map[string]string{"snapshots": "[]", "state": `"running"`})
	}
	// Names that are a way up.
	for _, name := range []string{".", ".."} {
		w.must(w.CreateSnapshot(ctx, u, name))
		w.must(w.DeleteSnapshot(ctx, u, name))
		if got := w.inZone(u, "echo lives"); got != "lives" {
			t.Errorf("after a snapshot %q: %s", name, got)
		}
	}
}
