package testenv

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// zoneInit is the variable that makes a test binary play a zone's init.
const zoneInit = "SMARTBOX_TEST_ZONE_INIT"

// ZoneIDBase is the first id of the host that the throw-away zone maps.
const ZoneIDBase = 1000000000

// Zone is a set of all namespaces on a small root (the host's /usr, read-only,
// and its own /etc, /dev, /proc, /root, /tmp), with a process that waits as its
// init. It has no limits, no filter and no metadata: what enters it is tested,
// not what it is.
type Zone struct {
	Pid   int
	Start uint64
}

// RunZoneInit must be called first in the TestMain of packages that use NewZone.
func RunZoneInit() {
	dir := os.Getenv(zoneInit)
	if dir == "" {
		return
	}
	if err := becomeInit(dir); err != nil {
		fmt.Fprintln(os.Stderr, "test zone:", err)
		os.Exit(1)
	}
}

// NewZone starts a throw-away zone; it ends with the test.
func NewZone(t testing.TB) *Zone {
	t.Helper()
	RequireRoot(t)
	dir := t.TempDir()
	for d := dir; d != "/"; d = filepath.Dir(d) { // zone root is another user
		if err := os.Chmod(d, 0o755|os.ModeSticky); d == dir && err != nil {
			t.Fatal(err)
		}
		if filepath.Dir(d) == os.TempDir() {
			break
		}
	}
	cmd := exec.Command("/proc/self/exe") // by a path that zone root may walk
	cmd.Env = []string{zoneInit + "=" + dir, "SECRET=of the host's test"}
	cmd.Stderr = os.Stderr
	ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: ZoneIDBase, Size: 65536}}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
			unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWCGROUP,
		UidMappings: ids, GidMappings: ids, GidMappingsEnableSetgroups: true,
		Credential: &syscall.Credential{Uid: 0, Gid: 0},
		Pdeathsig:  unix.SIGKILL,
		Setsid:     true,
	}
	ready, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() //nolint:errcheck // Wait tells
		cmd.Wait()         //nolint:errcheck // killed
	})
	if word, err := io.ReadAll(ready); string(word) != "ready" {
		t.Fatalf("test zone: got %q, %v", word, err)
	}
	return &Zone{Pid: cmd.Process.Pid, Start: startTime(t, cmd.Process.Pid)}
}

// Path is where the host finds a file of the zone.
func (z *Zone) Path(name string) string {
	return filepath.Join("/proc", strconv.Itoa(z.Pid), "root", name)
}

func startTime(t testing.TB, pid int) uint64 {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	n, err := strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// becomeInit builds the root, moves there, gives up some capabilities, and
// reaps until killed.
func becomeInit(dir string) error {
	if err := buildRoot(dir); err != nil {
		return err
	}
	for _, c := range []uintptr{unix.CAP_SYS_MODULE, unix.CAP_SYS_TIME, unix.CAP_MKNOD} {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
			return err
		}
	}
	children := make(chan os.Signal, 16)
	signal.Notify(children, unix.SIGCHLD)
	fmt.Print("ready")
	os.Stdout.Close()
	for range children {
		for {
			if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
	return nil
}

type mount struct {
	source, target, kind string
	flags                uintptr
	data                 string
}

func buildRoot(dir string) error {
	at := func(p string) string { return filepath.Join(dir, p) }
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("root: %w", err)
	}
	for _, d := range []string{"usr", "etc", "proc", "dev", "root", "tmp", "home/u"} {
		if err := os.MkdirAll(at(d), 0o755); err != nil {
			return err
		}
	}
	for _, l := range []string{"bin", "sbin", "lib", "lib64"} {
		if err := os.Symlink("usr/"+l, at(l)); err != nil {
			return err
		}
	}
	for _, m := range []mount{
		{"/usr", "usr", "", unix.MS_BIND | unix.MS_REC, ""},
		{"proc", "proc", "proc", 0, ""},
		{"tmpfs", "dev", "tmpfs", 0, "mode=755"},
	} {
		if err := unix.Mount(m.source, at(m.target), m.kind, m.flags, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	if err := buildDev(at("dev")); err != nil {
		return err
	}
	passwd := "root:x:0:0::/root:/bin/sh\nu:x:1000:1000::/home/u:/bin/bash\n"
	if err := os.WriteFile(at("etc/passwd"), []byte(passwd), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(at("etc/group"), []byte("root:x:0:\ngame:x:60:u,v\nu:x:1000:\n"), 0o644); err != nil {
		return err
	}
	if err := os.Chown(at("home/u"), 1000, 1000); err != nil {
		return err
	}
	if err := unix.Chdir(dir); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return err
	}
	return unix.Chdir("/")
}

func buildDev(dev string) error {
	if err := os.Mkdir(filepath.Join(dev, "pts"), 0o755); err != nil {
		return err
	}
	if err := unix.Mount("devpts", filepath.Join(dev, "pts"), "devpts", 0, "newinstance,ptmxmode=0666,mode=620"); err != nil {
		return fmt.Errorf("devpts: %w", err)
	}
	if err := os.Symlink("pts/ptmx", filepath.Join(dev, "ptmx")); err != nil {
		return err
	}
	for _, n := range []string{"null", "zero", "tty"} {
		f := filepath.Join(dev, n)
		if err := os.WriteFile(f, nil, 0o666); err != nil {
			return err
		}
		if err := unix.Mount("/dev/"+n, f, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("dev/%s: %w", n, err)
		}
	}
	return nil
}
