package super_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/nftables"

	"github.com/smartbox-os/smartbox/pkg/vnic"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

func nic(ip string) func(*zone.Config) {
	return func(c *zone.Config) {
		c.Net = append(c.Net, zone.Net{Physical: "net0", GlobalNIC: "stub0", Props: map[string]string{"ip": ip, "netmask": "255.255.255.0", "primary": "true"}})
	}
}

func TestLinks_areThereBeforeInitAndGoneAfter(t *testing.T) {
	w := newWorld(t)
	links := w.stub()
	w.add("n1", "exec busybox sleep 1000", nic("10.99.0.1"))
	w.boot("n1")
	if n := zoneLinks(t, links); n != 1 {
		t.Errorf("%d links of zones, want 1", n)
	}
	out := w.says("n2", "busybox ip addr show dev net0; busybox ping -c 1 -W 5 10.99.0.1; echo ping $?; busybox ping -c 1 -W 5 127.0.0.1 >/dev/null; echo lo $?", nic("10.99.0.2"))
	for _, want := range []string{"inet 10.99.0.2/24", "ping 0", "lo 0"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	w.down("n1")
	if n := zoneLinks(t, links); n != 0 {
		t.Errorf("%d links are left", n)
	}
}

// Rules that others flushed are there again after a reload, without a boot.
func TestProtectLinks_ofRunningZones(t *testing.T) {
	w := newWorld(t)
	w.stub()
	w.add("p", "exec busybox sleep 1000", nic("10.99.0.1"))
	w.add("down", "exec busybox sleep 1000", nic("10.99.0.2"))
	w.add("none", "exec busybox sleep 1000")
	w.boot("p")
	w.boot("none")
	conn := new(nftables.Conn)
	ours := func() (list []*nftables.Table) {
		all, err := conn.ListTablesOfFamily(nftables.TableFamilyNetdev)
		if err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(all, func(n *nftables.Table) bool { return !strings.HasPrefix(n.Name, w.root.KernelName("smartbox")) })
	}
	before := ours()
	if len(before) != 2 { // of the zone and of its switch
		t.Errorf("%d tables protect it", len(before))
	}
	for _, table := range before {
		conn.DelTable(table)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := w.ProtectLinks(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := ours(); len(after) != len(before) {
		t.Errorf("%d tables protect it, want %d", len(after), len(before))
	}
}

// stub makes the etherstub stub0.
func (w *world) stub() *vnic.Host {
	w.t.Helper()
	links := vnic.New(w.root, slog.New(slog.DiscardHandler))
	if err := links.CreateEtherstub(context.Background(), "stub0", vnic.CreateOptions{}); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := links.DeleteEtherstub(context.Background(), "stub0", vnic.CreateOptions{}); err != nil {
			w.t.Error(err)
		}
	})
	return links
}

// zoneLinks counts the links of zones.
func zoneLinks(t *testing.T, links *vnic.Host) (n int) {
	t.Helper()
	all, err := links.Links()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		if l.Zone != "" {
			n++
		}
	}
	return n
}
