package super_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

func device(match string) func(*zone.Config) {
	return func(c *zone.Config) { c.Devices = append(c.Devices, zone.Device{Match: match}) }
}

func TestDevices_areThoseOfTheConfiguration(t *testing.T) {
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		t.Skip("this host has no /dev/net/tun")
	}
	w := newWorld(t)
	out := w.says("d", `
busybox stat -c '%n %F %a %u' /dev/net/tun /dev/loop-control
: </dev/net/tun && echo tun opens
: </dev/zero && : >/dev/null && echo usual ones open
busybox mknod /dev/mem c 1 1 || echo no new nodes
busybox ls /dev
`, device("/dev/net/tun"), device("loop-control"))
	t.Log(out)
	for _, want := range []string{
		"/dev/net/tun character special file", "/dev/loop-control character special file", "tun opens", "usual ones open", "no new nodes",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q", want)
		}
	}
	if out := w.says("without", "busybox ls /dev"); strings.Contains(out, "tun") || strings.Contains(out, "loop-control") || !strings.Contains(out, "null") {
		t.Errorf("a zone without devices has %s", out)
	}
}

// Devices that come in with a bind of the host's directories do not open.
func TestDevices_otherNodesDoNotOpen(t *testing.T) {
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		t.Skip("this host has no /dev/loop-control")
	}
	w := newWorld(t)
	bind := func(c *zone.Config) {
		c.FS = append(c.FS, zone.FS{Dir: "/host", Special: "/dev", Type: "lofs", Options: []string{"devices"}})
	}
	out := w.says("o", `busybox ls /host/loop-control; : </host/loop-control && echo it opens`, bind)
	if !strings.Contains(out, "/host/loop-control\n") || strings.Contains(out, "it opens") {
		t.Errorf("%s", out)
	}
}

func TestBoot_refusesWhatAZoneCannotHave(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		change func(*zone.Config)
		want   string
	}{
		"mem":     {device("/dev/kmsg"), "device match=/dev/kmsg: /dev/kmsg would give the zone all of the host"},
		"nosuch":  {device("/dev/nosuch*"), "device match=/dev/nosuch*: no device of this host matches"},
		"dataset": {func(c *zone.Config) { c.Datasets = []string{"zones/x"} }, "dataset zones/x: delegated datasets are not supported"},
		"shared":  {func(c *zone.Config) { c.IPType = zone.Shared }, "ip-type=shared is not supported on this host"},
	} {
		w.add(name, "exec busybox sleep 1000", c.change)
		err := w.Boot(context.Background(), name, zone.BootOptions{})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if s := w.state(name); s.State != zone.Installed {
			t.Errorf("%s is %s", name, s.State)
		}
		if _, err := w.Verify(t.Context(), name); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("verify %s: %v", name, err)
		}
		w.clean(name)
	}
}
