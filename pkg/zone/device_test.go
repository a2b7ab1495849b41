package zone

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

// fakeDev is a directory like /dev.
func fakeDev(t *testing.T) string {
	t.Helper()
	testenv.RequireRoot(t)
	dir := t.TempDir()
	for _, d := range []string{"snd", "net", "pts", "fd"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, number := range map[string][2]uint32{
		"snd/pcm0": {116, 16}, "snd/pcm1": {116, 17}, "snd/timer": {116, 33}, "net/tun": {10, 200}, "fuse": {10, 229},
		"null": {1, 3}, "mem": {1, 1}, "kmsg": {1, 11}, "pts/0": {136, 0}, "fd/3": {1, 3},
	} {
		if err := unix.Mknod(filepath.Join(dir, name), unix.S_IFCHR|0o660, int(unix.Mkdev(number[0], number[1]))); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"sound": "snd/pcm1", "memory": "mem", "outside": "/etc/passwd", "away": "/dev/null", "dangling": "nothing", "cards": "snd",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestMatchDevices(t *testing.T) {
	dir := fakeDev(t)
	for pattern, want := range map[string]string{
		"/dev/fuse":         "fuse",
		"fuse":              "fuse",
		"/dev/snd/pcm?":     "snd/pcm0 snd/pcm1",
		"snd/[pt]*":         "snd/pcm0 snd/pcm1 snd/timer",
		"/dev/net/*":        "net/tun",
		"sound":             "sound",
		"cards/pcm0":        "cards/pcm0",
		"f*":                "fuse", // not the directory fd, not the file
		"snd":               "!directory; match=snd/* takes what is in it",
		"/dev/nosuch":       "!no device of this host matches",
		"snd/pcm9*":         "!no device of this host matches",
		"file":              "!not a device",
		"outside":           "!not a device",
		"away":              "!not a device",
		"dangling":          "!leads nowhere",
		"null":              "!every zone has its own",
		"pts/*":             "!no device of this host matches",
		"fd/3":              "!every zone has its own",
		"mem":               "!would give the zone all of the host",
		"memory":            "!would give the zone all of the host",
		"km*":               "!would give the zone all of the host",
		"*":                 "!would give the zone all of the host",
		"../etc/passwd":     "!not a pattern for names below /dev",
		"/dev/../dev/fuse":  "!not a pattern for names below /dev",
		"/etc/passwd":       "!not a pattern for names below /dev",
		"":                  "!not a pattern for names below /dev",
		"/dev/":             "!not a pattern for names below /dev",
		"snd/":              "!not a pattern for names below /dev",
		"snd/[":             "!is not a pattern",
		"fuse\x00/dev/fuse": "!not a pattern for names below /dev",
	} {
		nodes, err := matchDevices(dir, pattern)
		if refusal, bad := strings.CutPrefix(want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), refusal) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: %v, %v, want %q", pattern, nodes, err, refusal)
			}
			continue
		}
		var names []string
		for _, n := range nodes {
			names = append(names, n.Name)
			if n.Type != unix.S_IFCHR || n.Mode&0o777 == 0 || n.Dev == 0 {
				t.Errorf("%q: %+v", pattern, n)
			}
		}
		if err != nil || strings.Join(names, " ") != want {
			t.Errorf("%q: %v, %v, want %q", pattern, names, err, want)
		}
	}
}

func TestDeviceNodes_ofSeveralResources(t *testing.T) {
	c := &Config{Devices: []Device{{Match: "/dev/null"}}}
	if _, err := c.DeviceNodes(); err == nil || !strings.HasPrefix(err.Error(), "device match=/dev/null: ") {
		t.Errorf("%v", err)
	}
	if nodes, err := new(Config).DeviceNodes(); err != nil || nodes != nil {
		t.Errorf("without a device: %v, %v", nodes, err)
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		t.Skip("no /dev/loop-control here")
	}
	c = &Config{Devices: []Device{{Match: "/dev/loop-control"}, {Match: "loop-c*"}}}
	if nodes, err := c.DeviceNodes(); err != nil || len(nodes) != 1 {
		t.Errorf("the same twice: %v, %v", nodes, err)
	}
}

func FuzzMatchDevices(f *testing.F) {
	for _, s := range []string{"/dev/fuse", "snd/*", "../x", "[", "/dev/*", "a/b/../c", "\\"} {
		f.Add(s)
	}
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		if nodes, err := matchDevices(dir, pattern); err == nil {
			t.Errorf("%q matches %v where there is no device", pattern, nodes)
		}
	})
}

func TestBootable(t *testing.T) {
	if err := (&Config{Name: "z", IPType: Exclusive}).Bootable(); err != nil {
		t.Error(err)
	}
	err := (&Config{Name: "z", IPType: Shared}).Bootable()
	if err == nil || !strings.Contains(err.Error(), "set ip-type=exclusive") {
		t.Errorf("%v", err)
	}
}
