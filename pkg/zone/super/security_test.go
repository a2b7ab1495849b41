package super_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// TestSecurity_rootInsideCannot lets root of a zone try what it must not do,
// among it the ways of CVE-2019-5736 (the runtime's binary) and CVE-2024-21626
// (descriptors and directories that leaked).
func TestSecurity_rootInsideCannot(t *testing.T) {
	w := newWorld(t)
	w.add("p", `PATH=/usr/bin:/bin:/usr/sbin
while [ ! -s /supervisor ]; do sleep 0.05; done
/native/usr/bin/zonename >/out 2>&1; echo done >>/out; sleep 1000`,
		func(c *zone.Config) { c.Brand = "joyent-minimal" })
	if err := unix.Mknod(filepath.Join(w.rootDir("p"), "imagenull"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))); err != nil {
		t.Fatal(err)
	}
	s := w.boot("p")
	w.write("p", "supervisor", fmt.Sprint(s.Run.Supervisor.Pid), 0o644)
	var out string
	w.eventually("the attempts", func() bool {
		data, _ := os.ReadFile(filepath.Join(w.rootDir("p"), "out"))
		out = string(data)
		return strings.HasSuffix(out, "done\n")
	})
	t.Log(out)
	if n := strings.Count(out, "\n") - 1; n != len(attempts()) {
		t.Errorf("%d of %d attempts are told", n, len(attempts()))
	}
	for line := range strings.Lines(out) {
		if strings.Contains(line, errSuccess.Error()) {
			t.Errorf("root inside can %s", line)
		}
	}
}

// TestSecurity_hostileImages boots roots that want to lead the host's writes
// and mounts elsewhere: CVE-2025-31133 (masks over a replaced /dev/null),
// 52565 (/dev/console) and 52881 (/proc behind a link).
func TestSecurity_hostileImages(t *testing.T) {
	w := newWorld(t)
	outside := t.TempDir()
	canary := filepath.Join(outside, "canary")
	if err := os.WriteFile(canary, []byte("alive"), 0o600); err != nil {
		t.Fatal(err)
	}
	links := [][2]string{
		{"etc/hostname", canary},
		{"etc/hosts", canary},
		{"etc/resolv.conf", "/../../../../../.." + canary},
		{"dev/null", canary},
		{"dev/console", canary},
		{"dev/pts", outside},
		{"dev/ptmx", canary},
		{"dev/shm", outside},
		{"sys", "../../../../../.." + outside},
		{"native", outside},
		{"tmp", outside},
		{"etc", "/dev"},
		{"proc", "/etc"},
		{"proc", outside},
		{"proc", "/proc"},
		{"proc", "dev"},
		{"dev", "/proc/self/cwd"},
	}
	for i, l := range links {
		w.hostile(fmt.Sprintf("h%d", i), l[0], l[1])
	}
	if data, err := os.ReadFile(canary); string(data) != "alive" {
		t.Errorf("the file outside has %q, %v", data, err)
	}
	if files, err := os.ReadDir(outside); err != nil || len(files) != 1 {
		t.Errorf("the directory outside has %v, %v", files, err)
	}
}

// hostile boots a zone with a symbolic link in its image. That it comes up is
// not asked for; what that does to the host is.
func (w *world) hostile(name, link, target string) {
	w.t.Helper()
	w.add(name, "exec busybox sleep 1000", attr("resolvers", "10.0.0.1"), attr("tmpfs", "16"))
	at := filepath.Join(w.rootDir(name), link)
	os.RemoveAll(at)
	os.MkdirAll(filepath.Dir(at), 0o755)
	if err := os.Symlink(target, at); err != nil {
		w.t.Fatal(err)
	}
	err := w.Boot(w.t.Context(), name, zone.BootOptions{})
	w.t.Logf("%s -> %s: %v", link, target, err)
	if err == nil {
		var st unix.Stat_t
		null := fmt.Sprintf("/proc/%d/root/dev/null", w.state(name).Run.Init.Pid)
		if err := unix.Stat(null, &st); err != nil || st.Rdev != unix.Mkdev(1, 3) {
			w.t.Errorf("%s -> %s: /dev/null is %d:%d, %v", link, target, unix.Major(st.Rdev), unix.Minor(st.Rdev), err)
		}
	}
	w.down(name)
}
