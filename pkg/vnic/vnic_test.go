package vnic

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
)

// TestMain keeps the tests away from the host's links.
func TestMain(m *testing.M) {
	if root := os.Getenv(crashRoot); root != "" {
		crashLoop(paths.Root(root))
	}
	os.Exit(testenv.NetnsMain(m))
}

// newHost is the links of a new root, all gone when the test ends.
func newHost(t testing.TB) *Host {
	t.Helper()
	testenv.RequireRoot(t)
	h := New(paths.Root(t.TempDir()), slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	t.Cleanup(func() { checkNothingLeft(t, h) })
	return h
}

// checkNothingLeft fails the test for every link and table of h's root.
func checkNothingLeft(t testing.TB, h *Host) {
	rt, err := openRTNL()
	must(t, err)
	defer rt.Close()
	all, err := listLinks(rt)
	must(t, err)
	for _, link := range all {
		if l, ours := parseLabel(link.Attrs().Alias); ours && l.root == h.root.ID() || !ours && strings.HasPrefix(link.Attrs().Name, "sb") {
			t.Errorf("link left behind: %s %q", link.Attrs().Name, link.Attrs().Alias)
			_ = rt.LinkDel(link)
		}
	}
	checkTables(t, h, h.root.KernelName("smartbox"))
}

// checkTables fails the test for every nftables table whose name begins so.
func checkTables(t testing.TB, h *Host, prefix string) {
	tables, err := new(nftables.Conn).ListTablesOfFamily(nftables.TableFamilyNetdev)
	must(t, err)
	for _, table := range tables {
		if strings.HasPrefix(table.Name, prefix) {
			t.Errorf("table left behind: %s", table.Name)
			_ = dropTable(table.Name)
		}
	}
}

// etherstub makes one, removed when the test ends.
func etherstub(t testing.TB, h *Host, name string) {
	t.Helper()
	must(t, h.CreateEtherstub(context.Background(), name, CreateOptions{}))
	t.Cleanup(func() {
		if err := h.DeleteEtherstub(context.Background(), name, CreateOptions{}); err != nil {
			t.Errorf("delete etherstub %s: %v", name, err)
		}
	})
}

// testZone is a network namespace with links.
type testZone struct {
	*os.File
	name string
	t    testing.TB
}

func attach(t testing.TB, h *Host, zone string, nics []NIC, routes ...Route) testZone {
	t.Helper()
	z := testZone{testenv.Netns(t), zone, t}
	t.Cleanup(func() { must(t, h.Detach(context.Background(), zone)) })
	_, err := h.Attach(context.Background(), zone, z.File, nics, routes)
	must(t, err)
	return z
}

// run runs a command in the zone and reports whether it succeeded.
func (z testZone) run(argv ...string) (string, bool) {
	z.t.Helper()
	out, err := testenv.NetnsCommand(z.File, argv...).CombinedOutput()
	return string(out), err == nil
}

func (z testZone) must(argv ...string) string {
	z.t.Helper()
	out, ok := z.run(argv...)
	if !ok {
		z.t.Fatalf("%s: %v: %s", z.name, argv, out)
	}
	return out
}

// reaches pings; the wait is for what must get through on a busy machine.
func (z testZone) reaches(addr string) {
	z.t.Helper()
	if out, ok := z.run("ping", "-n", "-c1", "-W3", addr); !ok {
		z.t.Errorf("zone %s does not reach %s: %s", z.name, addr, out)
	}
}

func (z testZone) reachesNot(addr string) {
	z.t.Helper()
	if out, ok := z.run("ping", "-n", "-c2", "-i0.2", "-W1", addr); ok {
		z.t.Errorf("zone %s reaches %s: %s", z.name, addr, out)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mac(t testing.TB, s string) net.HardwareAddr {
	t.Helper()
	m, err := ParseMAC(s)
	must(t, err)
	return m
}

func nic(over string, addrs ...string) NIC {
	n := NIC{Name: "net0", Over: over, Primary: true}
	for _, a := range addrs {
		n.Addrs = append(n.Addrs, netip.MustParsePrefix(a))
	}
	return n
}

// cable makes a pair of links of which the first plays a physical one; the
// second is the far end of its wire.
func cable(t testing.TB, name string) (near, far netlink.Link) {
	t.Helper()
	rt, err := openRTNL()
	must(t, err)
	t.Cleanup(rt.Close)
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	veth := netlink.NewVeth(attrs)
	veth.PeerName = name + "far"
	must(t, rt.LinkAdd(veth))
	t.Cleanup(func() { must(t, removeLink(rt, name)) })
	far, err = rt.LinkByName(veth.PeerName)
	must(t, err)
	must(t, rt.LinkSetUp(far))
	near, err = rt.LinkByName(name)
	must(t, err)
	return near, far
}
