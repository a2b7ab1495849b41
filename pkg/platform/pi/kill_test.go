package pi

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/platform"
)

// TestMain installs when the tests start themselves for it.
func TestMain(m *testing.M) {
	if from := os.Getenv("PI_TEST_INSTALL"); from != "" {
		os.Exit(installAs(from, os.Getenv("PI_TEST_STORE"), os.Getenv("PI_TEST_KEYS")))
	}
	os.Exit(m.Run())
}

func installAs(from, dir, keys string) int {
	all, err := platform.Keys(keys)
	if err != nil {
		return 3
	}
	source, err := OpenSource(context.Background(), from)
	if err != nil {
		return 4
	}
	if _, err := (&Store{Dir: dir, Keys: all}).Install(context.Background(), source); err != nil {
		return 5
	}
	return 0
}

// Killed while a file is on its way, an installation leaves no image, and the
// next one all of it.
func TestInstall_killed(t *testing.T) {
	f := newFixture(t)
	image := f.image(b)
	initramfs := filepath.Join(image, platform.InitramfsFile)
	content, err := os.ReadFile(initramfs)
	f.must(err)
	f.must(os.Remove(initramfs))
	f.must(unix.Mkfifo(initramfs, 0o600))
	keys := t.TempDir()
	pem, err := f.signer.Public().PEM()
	f.must(err)
	f.must(os.WriteFile(filepath.Join(keys, "k.pub"), pem, 0o644))

	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "PI_TEST_INSTALL="+image, "PI_TEST_STORE="+f.Dir, "PI_TEST_KEYS="+keys)
	f.must(cmd.Start())
	pipe, err := os.OpenFile(initramfs, os.O_WRONLY, 0) // waits until it is being read
	f.must(err)
	_, err = pipe.Write(content[:3])
	f.must(err)
	for size := int64(0); size == 0; time.Sleep(time.Millisecond) {
		if fi, err := os.Stat(filepath.Join(f.Dir, ".part-"+b, platform.InitramfsFile)); err == nil {
			size = fi.Size()
		}
	}
	f.must(cmd.Process.Kill())
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() >= 0 {
		t.Fatalf("it was not killed: %v", cmd.ProcessState)
	}
	f.must(pipe.Close())

	if all, err := f.List(); len(all) != 0 || err != nil {
		t.Errorf("half an image is listed: %v, %v", all, err)
	}
	f.must(os.Remove(initramfs))
	f.must(os.WriteFile(initramfs, content, 0o644))
	f.must(f.install(image))
	if _, err := platform.Verify(f.path(b), f.Keys); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(f.Dir, ".part-*")); left != nil {
		t.Errorf("left: %v", left)
	}
}
