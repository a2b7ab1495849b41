package sysinfo

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

// fake is a host whose /proc and /sys are files.
func fake(t *testing.T, files map[string]string) *Host {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h := New(testenv.Root(t), slog.New(slog.DiscardHandler))
	h.proc, h.sys = filepath.Join(dir, "proc"), filepath.Join(dir, "sys")
	return h
}

func TestProcessors(t *testing.T) {
	const one = "processor\t: 0\nmodel name\t: A CPU  9\nphysical id\t: 0\ncore id\t: 0\nflags\t\t: fpu svm\n\n"
	for text, want := range map[string]Info{
		one: {CPUTotal: 1, CPUPhysical: 1, CPUType: "A CPU  9", CPUVirt: "svm"},
		one + "processor\t: 1\nmodel name\t: A CPU\nphysical id\t: 0\ncore id\t: 0\n\n" +
			"processor\t: 2\nphysical id\t: 1\ncore id\t: 0\n": {CPUTotal: 3, CPUPhysical: 2, CPUType: "A CPU  9", CPUVirt: "svm"},
		"processor\t: 0\nBogoMIPS\t: 1\n\nprocessor\t: 1\n": {CPUTotal: 2, CPUPhysical: 2, CPUVirt: "none"}, // arm64
	} {
		h := fake(t, map[string]string{"proc/cpuinfo": text})
		var got Info
		if err := h.processors(&got); err != nil {
			t.Fatal(err)
		}
		if got.CPUTotal != want.CPUTotal || got.CPUPhysical != want.CPUPhysical || got.CPUType != want.CPUType || got.CPUVirt != want.CPUVirt {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestDisks_areWholeAndReal(t *testing.T) {
	h := fake(t, map[string]string{"sys/block/sda/size": "1953525168\n", "sys/block/loop0/size": "100\n", "sys/block/zram0/size": "0\n"})
	got := Info{Disks: map[string]Disk{}}
	if err := h.disks(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.Disks) != 1 || got.Disks["sda"].Size != 1000 {
		t.Errorf("got %v", got.Disks)
	}
}

func TestFirmware_andBootParameters(t *testing.T) {
	h := fake(t, map[string]string{
		"sys/class/dmi/id/sys_vendor": "Maker, Inc.\n", "proc/cmdline": "root=/dev/sda1 quiet a=b=c\n", "proc/meminfo": "MemTotal:       16384000 kB\n",
	})
	got := Info{BootParameters: map[string]string{}}
	h.firmware(&got)
	if err := h.bootParameters(&got); err != nil {
		t.Fatal(err)
	}
	if err := h.memory(&got); err != nil {
		t.Fatal(err)
	}
	p := got.BootParameters
	if got.Manufacturer != "Maker, Inc." || got.Product != "" || got.Memory != "16000" || p["quiet"] != "true" || p["a"] != "b=c" {
		t.Errorf("got %+v", got)
	}
}

func TestUUID_isKept(t *testing.T) {
	h := fake(t, nil)
	h.proc = "/proc"
	first, err := h.uuid()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := h.uuid(); err != nil || second != first || len(first) != 36 {
		t.Errorf("%q, then %q, %v", first, second, err)
	}
}
