package jail

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zone/keeper"
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
func output(t *testing.T, spec *Spec) string {
	t.Helper()
	j, err := Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Exec(); err != nil {
		t.Fatal(err)
	}
	if !host.WaitGone(j.pidfd, 10_000) {
		t.Error("init does not end")
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	out, err := os.ReadFile(filepath.Join(spec.Root, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestStart_runsInitInNamespacesOfItsOwn(t *testing.T) {
	root := busyboxRoot(t)
	out := output(t, shell(root, `busybox hostname; echo pid $$; busybox id -u; busybox cat /proc/self/uid_map
busybox ls -l /dev /native; busybox cat /proc/mounts; busybox uptime; busybox ls -l /proc/self/fd; exit 3`))
	t.Log(out)
	if !strings.HasPrefix(out, "jail\npid 1\n0\n") || !strings.Contains(out, " up 0 min,") {
		t.Errorf("output %q", out)
	}
}

// kept makes a jail whose init sleeps and leaves it to a keeper.
func kept(t *testing.T) *Jail {
	t.Helper()
	spec := shell(busyboxRoot(t), "exec busybox sleep 1000")
	program, err := keeper.File(keeper.Never)
	must(t, err)
	defer program.Close()
	quiet, other, err := os.Pipe() // for what is not there
	must(t, err)
	defer quiet.Close()
	t.Cleanup(func() { other.Close() })
	signals, err := keeper.Signals()
	must(t, err)
	defer signals.Close()
	clock, err := os.Open("/proc/self/ns/time")
	must(t, err)
	defer clock.Close()
	spec.Keeper = &Keeper{Program: program, Argv: []string{"zoneadmd", "-z", "jail"}}
	for at := range keeper.Clients {
		f := quiet
		switch at {
		case keeper.Term:
			f = signals
		case keeper.Time:
			f = clock
		case keeper.Master, keeper.Slave, keeper.Netns, keeper.Init:
			continue
		}
		spec.Keeper.Files = append(spec.Keeper.Files, File{int(f.Fd()), at})
	}
	j, err := Start(spec)
	must(t, err)
	must(t, j.Exec())
	pid, err := unix.PidfdOpen(j.Pid, 0)
	must(t, err)
	must(t, j.HandOver())
	j.pidfd = pid
	t.Cleanup(func() {
		unix.Kill(j.Keeper, unix.SIGKILL) // it is our child, so nobody else's pid
		if !host.WaitGone(pid, 5000) {
			t.Error("init is left")
		}
		unix.Close(pid)
	})
	return j
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestHandOver_theKeeperIsSmallAndInTheHostsNamespaces(t *testing.T) {
	j := kept(t)
	time.Sleep(50 * time.Millisecond)
	dir := fmt.Sprintf("/proc/%d/", j.Keeper)
	if exe, err := os.Readlink(dir + "exe"); err != nil || !strings.HasPrefix(exe, "/memfd:zoneadmd") {
		t.Errorf("it runs %s, %v", exe, err)
	}
	for _, ns := range []string{"mnt", "net", "pid", "user", "ipc", "uts", "cgroup", "time", "time_for_children"} {
		own, err := os.Readlink("/proc/self/ns/" + ns)
		must(t, err)
		if its, err := os.Readlink(dir + "ns/" + ns); err != nil || its != own {
			t.Errorf("namespace %s: %s, not %s: %v", ns, its, own, err)
		}
		if ns == "user" {
			continue
		}
		if of, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", j.Pid, ns)); err != nil || of == own {
			t.Errorf("namespace %s of init: %s is the host's: %v", ns, of, err)
		}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", j.Pid))
	must(t, err)
	if !strings.Contains(string(status), fmt.Sprintf("\nPPid:\t%d\n", j.Keeper)) {
		t.Error("it is not the parent of init")
	}
	if !strings.Contains(string(status), "\nSigBlk:\t0000000000000000\n") {
		t.Error("init has signals blocked")
	}
}

func TestHandOver_theJailDiesWithItsKeeper(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
		j := kept(t)
		must(t, unix.Kill(j.Keeper, sig))
		if !host.WaitGone(j.pidfd, 5000) {
			t.Errorf("init lives after %v", sig)
		}
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

func TestMask_hidesAndRefusesWrites(t *testing.T) {
	out := output(t, shell(busyboxRoot(t), `for d in /sys/firmware /sys/module /sys/block /proc/acpi; do
  [ -d $d ] || continue
  busybox test -z "$(busybox ls -A $d)" || echo "$d shows something"
  busybox mkdir $d/x 2>/dev/null && echo "$d can be written"
  busybox mount -o remount,rw $d 2>/dev/null && echo "$d can be made writable"
  busybox umount $d 2>/dev/null && echo "$d can be unveiled"
done; busybox cat /proc/kallsyms | busybox wc -c`))
	if out != "0\n" {
		t.Errorf("output %q", out)
	}
}
