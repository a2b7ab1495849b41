package jail

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

const testBase = 0x6ff00000

// busyboxRoot is a root whose only program is a static busybox.
func busyboxRoot(t *testing.T) string {
	t.Helper()
	testenv.RequireRoot(t)
	testenv.RequireCommand(t, "busybox")
	box, _ := exec.LookPath("busybox")
	dir := t.TempDir()
	data, err := os.ReadFile(box)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"bin", "etc", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "bin/busybox"), data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("busybox", filepath.Join(dir, "bin/sh")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func shell(root, script string) *Spec {
	return &Spec{
		Root: root, UIDBase: testBase, Hostname: "jail", Init: "/bin/sh",
		Argv: []string{"sh", "-c", "exec >/out 2>&1\n" + script}, Env: []string{"PATH=/bin"}, Caps: ^uint64(0),
	}
}

// output runs a script as init of a jail and returns what it wrote.
func output(t *testing.T, spec *Spec) (string, unix.WaitStatus) {
	t.Helper()
	j, err := Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Exec(); err != nil {
		t.Fatal(err)
	}
	st := j.Wait()
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	out, err := os.ReadFile(filepath.Join(spec.Root, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return string(out), st
}

func TestStart_runsInitInNamespacesOfItsOwn(t *testing.T) {
	root := busyboxRoot(t)
	out, st := output(t, shell(root, `busybox hostname; echo pid $$; busybox id -u; busybox cat /proc/self/uid_map
busybox ls -l /dev /native; busybox cat /proc/mounts; busybox uptime; busybox ls -l /proc/self/fd; exit 3`))
	t.Log(out)
	if st.ExitStatus() != 3 {
		t.Errorf("exit status %v, want 3", st)
	}
	if !strings.HasPrefix(out, "jail\npid 1\n0\n") {
		t.Errorf("output %q", out)
	}
}

func TestStart_leavesNothingWhenExecFails(t *testing.T) {
	spec := shell(busyboxRoot(t), "")
	spec.Init = "/no/init"
	j, err := Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	err = j.Exec()
	if err == nil || err.Error() != "run /no/init: no such file or directory" {
		t.Errorf("error %v", err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}
