package kmod

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestModaliases(t *testing.T) {
	sys := t.TempDir()
	for name, text := range map[string]string{
		"bus/pci/devices/0/modalias":    "pci:v1\n",
		"bus/pci/devices/1/modalias":    "pci:v1\n",
		"bus/acpi/devices/2/modalias":   "\n",
		"devices/system/cpu/modalias":   "cpu:type:x86\n",
		"class/dmi/id/modalias":         "dmi:bvn\n",
		"bus/usb/devices/3/uevent":      "x\n",
		"devices/pci0/sub/dir/modalias": "elsewhere\n",
	} {
		file := filepath.Join(sys, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	all, err := modaliases(sys)
	slices.Sort(all)
	if err != nil || strings.Join(all, " ") != "cpu:type:x86 dmi:bvn pci:v1" {
		t.Errorf("%q, %v", all, err)
	}
}

func TestAdded(t *testing.T) {
	for message, want := range map[string]string{
		"add@/devices/x\x00ACTION=add\x00MODALIAS=virtio:d2v1\x00SEQNUM=7\x00": "virtio:d2v1",
		"add@/devices/x\x00ACTION=add\x00":                                     "",
		"remove@/devices/x\x00MODALIAS=virtio:d2v1\x00":                        "",
		"change@/devices/x\x00MODALIAS=a":                                      "",
		"add@/x\x00MODALIAS=":                                                  "",
		"":                                                                     "",
	} {
		if got := added([]byte(message)); got != want {
			t.Errorf("%q: %q", message, got)
		}
	}
}

func FuzzAdded(f *testing.F) {
	f.Add([]byte("add@/devices/x\x00ACTION=add\x00MODALIAS=virtio:d2v1\x00"))
	f.Fuzz(func(t *testing.T, message []byte) {
		if got := added(message); strings.Contains(got, "\x00") {
			t.Errorf("%q", got)
		}
	})
}

// plug is one whose devices are told through a pair of sockets.
func plug(t *testing.T, l *Loader, later func(string) bool) (*Plug, func(alias string)) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.Plug(later)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p.events = pair[0]
	t.Cleanup(func() { unix.Close(pair[0]); unix.Close(pair[1]) })
	return p, func(alias string) {
		if err := unix.Send(pair[1], fmt.Appendf(nil, "add@/x\x00MODALIAS=%s\x00", alias), 0); err != nil {
			t.Error(err)
		}
	}
}

// A bus brings out a device whose driver is loaded too, before Settle returns.
func TestSettle_findsWhatComesOut(t *testing.T) {
	i := &inserter{pause: time.Millisecond}
	l := loader(t, i)
	p, tell := plug(t, l, func(alias string) bool { return strings.HasPrefix(alias, "cpu:") })
	insert := l.insert
	l.insert = func(file string) error {
		if strings.HasSuffix(file, "bus.ko") {
			tell("virtio:d00000002v00001AF4")
			tell("cpu:type:x86:feature:,0099,")
		}
		return insert(file)
	}
	tell("pci:v00001AF4d1sv2")
	if err := p.Settle(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(i.order, " "); got != "bus disk" {
		t.Errorf("loaded: %s", got)
	}
	if err := p.Late(); err != nil || !slices.Contains(i.order, "vm") {
		t.Errorf("what was put off: %v, %v", i.order, err)
	}
}

// What a driver says of a device that is not its own is no error, others are.
func TestSettle_errors(t *testing.T) {
	i := &inserter{refused: map[string]error{"bus": unix.ENODEV, "vm": unix.EOPNOTSUPP}}
	p, tell := plug(t, loader(t, i), nil)
	tell("pci:v00001AF4d1sv2")
	tell("cpu:type:x86:feature:,0099,")
	if err := p.Settle(); err != nil {
		t.Error(err)
	}
	i = &inserter{refused: map[string]error{"disk": unix.EIO}}
	p, tell = plug(t, loader(t, i), nil)
	tell("virtio:d00000002v1")
	tell("fs-pool")
	if err := p.Settle(); !errors.Is(err, unix.EIO) || !slices.Contains(i.order, "pool") {
		t.Errorf("%v, %v", i.order, err)
	}
}

// A flood of devices loads no more than a few modules at a time.
func TestSettle_bounded(t *testing.T) {
	i := &inserter{pause: 5 * time.Millisecond}
	p, tell := plug(t, loader(t, i), nil)
	for _, alias := range []string{"pool", "crc", "vm", "disk", "bus", "tree", "crc_fast", "cpu:type:x:feature:0099", "nothing:known"} {
		tell(alias)
	}
	if err := p.Settle(); err != nil || i.most > maxAtOnce || len(i.order) != 7 {
		t.Errorf("%d at once, %v, %v", i.most, i.order, err)
	}
}

// A device that is plugged in later gets its driver, until nobody watches any more.
func TestWatch_stops(t *testing.T) {
	p, tell := plug(t, loader(t, &inserter{}), nil)
	ctx, done := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Watch(ctx, func(err error) { t.Error(err) })
	}()
	tell("fs-pool")
	for m := p.loader.index.Find("pool"); !p.loader.begun(m); time.Sleep(time.Millisecond) {
	}
	done()
	<-ended
}
