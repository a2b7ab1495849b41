package cpio_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/platform/cpio"
)

func archive(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := cpio.NewWriter(&b)
	for _, err := range []error{
		w.Dir("/proc", 0o755),
		w.Bytes("etc/hostname", 0o644, "box\n"),
		w.Bytes("etc/empty", 0o600, ""),
		w.Symlink("sbin/modprobe", "../init"),
		w.CharDevice("dev/console", 0o600, 5, 1),
		w.Dir("etc", 0o700), // is there already
		w.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func TestWriter_isReadByOthers(t *testing.T) {
	tool, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("needs busybox, whose cpio reads the archive")
	}
	dir := t.TempDir()
	cmd := exec.Command(tool, "cpio", "-idm")
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(archive(t))
	if os.Geteuid() != 0 {
		t.Skip("needs root: the archive has a device")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "etc/hostname")); string(b) != "box\n" {
		t.Errorf("hostname: %q, %v", b, err)
	}
	if to, err := os.Readlink(filepath.Join(dir, "sbin/modprobe")); to != "../init" {
		t.Errorf("modprobe: %q, %v", to, err)
	}
	fi, err := os.Stat(filepath.Join(dir, "dev/console"))
	if err != nil || fi.Mode()&os.ModeCharDevice == 0 {
		t.Errorf("console: %v, %v", fi, err)
	}
	if fi, err := os.Stat(filepath.Join(dir, "etc")); err != nil || fi.Mode().Perm() != 0o755 {
		t.Errorf("etc: %v, %v", fi, err)
	}
}

func TestWriter_sameBytes(t *testing.T) {
	if !bytes.Equal(archive(t), archive(t)) {
		t.Error("two archives of the same entries differ")
	}
	if len(archive(t))%4 != 0 {
		t.Error("an archive that cannot be followed by another")
	}
}

func TestWriter_refuses(t *testing.T) {
	w := cpio.NewWriter(new(bytes.Buffer))
	if err := w.Bytes("a/../b", 0o644, "x"); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"is there twice":        w.Bytes("/b", 0o644, "y"),
		"without a name":        w.Bytes("/..", 0o644, "y"),
		"ended after 2 of 3":    w.File("short", 0o644, 3, strings.NewReader("ab")),
		"more than the format":  w.File("huge", 0o644, 1<<32, strings.NewReader("ab")),
		"-1 bytes are more":     w.File("negative", 0o644, -1, strings.NewReader("ab")),
		"is there twice, again": w.Symlink("b", "c"),
	} {
		if want, _, _ := strings.Cut(name, ","); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
