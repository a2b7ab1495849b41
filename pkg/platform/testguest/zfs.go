package testguest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/platform"
)

// OpenZFS is the options of a guest with the real thing: its module is loaded,
// /sbin has zfs, zpool, zdb and zstream. The test is skipped where nobody has
// built it; scripts/zfs-guest.sh does, once for each kernel, in minutes.
//
// There is no udev: make pools on files in /tmp, not on whole disks.
func OpenZFS(t testing.TB) Options {
	t.Helper()
	cache, err := cacheDir()
	if err != nil {
		t.Skip(err)
	}
	found, err := filepath.Glob(filepath.Join(cache, "zfs", "*", "VERSION"))
	if err != nil || len(found) == 0 {
		t.Skip("needs OpenZFS for the guest: scripts/zfs-guest.sh builds it")
	}
	dir := filepath.Dir(found[len(found)-1])
	modules, err := filepath.Glob(filepath.Join(dir, "modules", "*.ko"))
	if err != nil {
		t.Fatal(err)
	}
	version, err := os.ReadFile(filepath.Join(dir, "VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("OpenZFS %s for %s", strings.TrimSpace(string(version)), filepath.Base(dir))
	o := Options{Memory: 2048, Extra: modules, Modules: []string{"zfs"}}
	for _, name := range []string{"zfs", "zpool", "zdb", "zstream", "mount.zfs"} {
		o.Programs = append(o.Programs, platform.Program{Root: dir + "/root", Path: "/sbin/" + name})
	}
	// Loaded by name at run time.
	for _, lib := range []string{"/lib/x86_64-linux-gnu/libgcc_s.so.1", "/usr/lib/x86_64-linux-gnu/libcrypto.so.3"} {
		o.Programs = append(o.Programs, platform.Program{Root: dir + "/root", Path: lib})
	}
	return o
}
