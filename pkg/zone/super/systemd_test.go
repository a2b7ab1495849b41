package super_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// debian is a root of Debian with systemd, as debootstrap makes it; tests that
// boot one copy it.
func debian(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("SMARTBOX_TEST_DEBIAN")
	if dir == "" {
		t.Skip("needs SMARTBOX_TEST_DEBIAN=DIR: a root made by debootstrap --include=systemd,systemd-sysv")
	}
	return dir
}

func (w *world) addDebian(name string) {
	w.t.Helper()
	source := debian(w.t)
	w.add(name, "", func(c *zone.Config) { c.Attrs = nil })
	if err := os.RemoveAll(w.rootDir(name)); err != nil {
		w.t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", source, w.rootDir(name)).CombinedOutput(); err != nil {
		w.t.Fatalf("copy: %v %s", err, out)
	}
}

func TestSystemd_bootsShutsDownAndReboots(t *testing.T) {
	w := newWorld(t)
	w.addDebian("deb")
	w.write("deb", "etc/systemd/system/told.service", `[Unit]
Description=Tell how the system is
[Service]
Type=simple
ExecStart=/bin/sh -c 'while s=$$(systemctl is-system-running); [ "$$s" = starting -o "$$s" = initializing ]; do sleep 0.1; done; (echo $$s; systemctl --failed --no-legend) >/state 2>&1; touch /told'
[Install]
WantedBy=default.target
`, 0o644)
	wants := filepath.Join(w.rootDir("deb"), "etc/systemd/system/default.target.wants")
	os.MkdirAll(wants, 0o755)
	os.Symlink("/etc/systemd/system/told.service", filepath.Join(wants, "told.service"))
	w.boot("deb")
	told := filepath.Join(w.rootDir("deb"), "told")
	for range 600 {
		if _, err := os.Stat(told); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	state, err := os.ReadFile(filepath.Join(w.rootDir("deb"), "state"))
	if err != nil || string(state) != "running\n" {
		console, _ := os.ReadFile(w.ConsoleLog("deb"))
		t.Errorf("systemd is %q, %v\n%s", state, err, console)
	}
	if err := w.Shutdown(t.Context(), "deb", 30*time.Second, true); err != nil {
		t.Fatal(err)
	}
	if s := w.state("deb"); s.State != zone.Running || s.Run.ID != 2 {
		t.Errorf("after reboot %+v", s.Run)
	}
	os.Remove(told)
	w.eventually("systemd's second boot", func() bool { _, err := os.Stat(told); return err == nil })
	if err := w.Shutdown(t.Context(), "deb", 30*time.Second, false); err != nil {
		t.Fatal(err)
	}
	if end := w.state("deb").LastEnd; end == nil || syscall.WaitStatus(end.Status).Signal() != syscall.SIGINT {
		t.Errorf("init did not halt by itself: %+v", end)
	}
	w.clean("deb")
}
