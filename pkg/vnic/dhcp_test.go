package vnic

import (
	"context"
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

// serve runs a real DHCP server in a zone; stop ends it.
func serve(t *testing.T, z testZone, first, last string) (stop func()) {
	t.Helper()
	return dnsmasq(t, z, "--dhcp-authoritative", "--dhcp-range="+first+","+last+",255.255.255.0,2m",
		"--dhcp-option-force=58,2", "--dhcp-option-force=59,4", "--dhcp-option=3,10.9.0.1", "--dhcp-option=6,10.9.0.1,10.9.0.9")
}

func dnsmasq(t *testing.T, z testZone, options ...string) (stop func()) {
	t.Helper()
	argv := append([]string{
		"dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=net0",
		"--bind-interfaces", "--leasefile-ro", "--dhcp-leasefile=/dev/null", "--pid-file=", "--user=root", "--no-ping",
	}, options...)
	cmd := testenv.NetnsCommand(z.File, argv...)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	runtime.LockOSThread() // the signal comes when the thread ends, and others end with what they did in zones
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	must(t, cmd.Start())
	stop = func() { stopProcess(cmd) }
	t.Cleanup(stop)
	return stop
}

func stopProcess(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// dhcpNet is an etherstub with a zone that may serve DHCP on it.
func dhcpNet(t *testing.T) (*Host, testZone) {
	testenv.RequireRoot(t)
	testenv.RequireCommand(t, "dnsmasq", "nsenter")
	h := newHost(t)
	etherstub(t, h, "stub0")
	server := nic("stub0", "10.9.0.1/24", "fd00:9::1/64")
	server.AllowDHCPSpoof = true
	return h, attach(t, h, "server", []NIC{server})
}

func dhcpNIC(t *testing.T) NIC {
	n := nic("stub0")
	n.DHCP, n.MAC = true, mac(t, macA)
	return n
}

func TestAttach_dhcp(t *testing.T) {
	h, server := dhcpNet(t)
	serve(t, server, "10.9.0.50", "10.9.0.60")
	ns := testenv.Netns(t)
	t.Cleanup(func() { must(t, h.Detach(context.Background(), "a")) })
	static := nic("stub0", "10.8.0.1/24")
	static.Name, static.Primary = "net1", false
	attached, err := h.Attach(context.Background(), "a", ns, []NIC{dhcpNIC(t), static},
		[]Route{{Dest: netip.MustParsePrefix("10.1.0.0/16"), Gateway: netip.MustParseAddr("10.9.0.7")}})
	must(t, err)
	want := []netip.Addr{netip.MustParseAddr("10.9.0.1"), netip.MustParseAddr("10.9.0.9")}
	if !slices.Equal(attached.Resolvers, want) {
		t.Errorf("resolvers %v, want %v", attached.Resolvers, want)
	}
	z := testZone{ns, "a", t}
	z.reaches("10.9.0.1") // the filters know the lease
	routes := z.must("ip", "route")
	for _, want := range []string{"default via 10.9.0.1 dev net0", "10.1.0.0/16 via 10.9.0.7 dev net0", "10.9.0.0/24 dev net0"} {
		if !strings.Contains(routes, want) {
			t.Errorf("no route %q in\n%s", want, routes)
		}
	}
	// An update keeps what the lease brought.
	must(t, h.Update(context.Background(), "a", ns, []NIC{dhcpNIC(t), static}, nil))
	z.reaches("10.9.0.1")
	if routes := z.must("ip", "route"); !strings.Contains(routes, "default via 10.9.0.1") || strings.Contains(routes, "10.1.0.0") {
		t.Errorf("routes after the update:\n%s", routes)
	}
}

// Addresses that a router advertises are taken only when they are asked for,
// and pass the filters.
func TestAttach_addrconf(t *testing.T) {
	h, server := dhcpNet(t)
	dnsmasq(t, server, "--enable-ra", "--dhcp-range=fd00:9::,ra-only", "--ra-param=net0,high,4,600")
	n, deaf := nic("stub0"), nic("stub0", "fd00:9::7/64")
	n.Addrconf, n.MAC = true, mac(t, macA)
	z, other := attach(t, h, "a", []NIC{n}), attach(t, h, "b", []NIC{deaf})
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(z.must("ip", "-6", "addr", "show", "dev", "net0"), slaac); {
		if time.Now().After(deadline) {
			t.Fatalf("no address: %s", z.must("ip", "-6", "addr", "show", "dev", "net0"))
		}
		time.Sleep(50 * time.Millisecond)
	}
	z.reaches("fd00:9::1")
	if out := z.must("ip", "-6", "route"); !strings.Contains(out, "default via fe80::") {
		t.Errorf("no default route:\n%s", out)
	}
	if out := other.must("ip", "-6", "route"); strings.Contains(out, "default") {
		t.Errorf("a router that nobody asked for is listened to:\n%s", out)
	}
}

// A server that comes late, that renews, and that gives another address.
func TestKeep(t *testing.T) {
	h, server := dhcpNet(t)
	h.patience = 0
	z := attach(t, h, "a", []NIC{dhcpNIC(t)})
	ctx, cancel := context.WithCancel(context.Background())
	leases := make(chan []netip.Addr, 100)
	ended := make(chan error)
	go func() {
		ended <- h.Keep(ctx, "a", z.File, []NIC{dhcpNIC(t)}, func(r []netip.Addr) { leases <- r })
	}()
	defer func() {
		cancel()
		must(t, <-ended)
	}()
	await := func(what string) {
		t.Helper()
		select {
		case <-leases:
		case <-time.After(30 * time.Second):
			t.Fatalf("no lease: %s", what)
		}
	}
	stop := serve(t, server, "10.9.0.50", "10.9.0.55")
	await("the first")
	z.reaches("10.9.0.1")
	first := z.must("ip", "-4", "-br", "addr", "show", "net0")
	await("a renewal")
	if again := z.must("ip", "-4", "-br", "addr", "show", "net0"); again != first {
		t.Errorf("renewed from %s to %s", first, again)
	}
	stop()
	serve(t, server, "10.9.0.80", "10.9.0.85")
	for deadline := time.Now().Add(60 * time.Second); ; {
		await("another address")
		got := z.must("ip", "-4", "-br", "addr", "show", "net0")
		if strings.Contains(got, "10.9.0.8") {
			if strings.Contains(got, "10.9.0.5") {
				t.Errorf("the old address is still there: %s", got)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("still %s", got)
		}
	}
	z.reaches("10.9.0.1")
}

func TestKeep_withoutDHCP(t *testing.T) {
	h := newHost(t)
	must(t, h.Keep(context.Background(), "a", nil, []NIC{nic("stub0", "10.9.0.1/24")}, nil))
}

func TestReadLease(t *testing.T) {
	now := time.Unix(1000, 0)
	ack := func(change func(*dhcpv4.DHCPv4)) *dhcpv4.DHCPv4 {
		p := &dhcpv4.DHCPv4{YourIPAddr: net.IPv4(10, 9, 0, 50), Options: dhcpv4.Options{}}
		p.UpdateOption(dhcpv4.OptServerIdentifier(net.IPv4(10, 9, 0, 1)))
		change(p)
		return p
	}
	l, err := readLease(ack(func(p *dhcpv4.DHCPv4) {
		p.UpdateOption(dhcpv4.OptSubnetMask(net.CIDRMask(24, 32)))
		p.UpdateOption(dhcpv4.OptIPAddressLeaseTime(100 * time.Second))
	}), now)
	must(t, err)
	if l.Addr.String() != "10.9.0.50/24" || l.Renew != now.Add(50*time.Second) || l.Expires != now.Add(100*time.Second) {
		t.Errorf("%+v", l)
	}
	l, err = readLease(ack(func(p *dhcpv4.DHCPv4) { p.UpdateOption(dhcpv4.OptIPAddressLeaseTime(1<<32*time.Second - 1)) }), now)
	must(t, err)
	if l.Addr.String() != "10.9.0.50/32" || l.Expires.After(now.Add(foreverLease)) {
		t.Errorf("%+v", l)
	}
	for _, bad := range []net.IP{net.IPv4zero, net.IPv4(127, 0, 0, 1), net.IPv4(224, 0, 0, 1), net.IPv4bcast} {
		if l, err := readLease(ack(func(p *dhcpv4.DHCPv4) { p.YourIPAddr = bad }), now); err == nil {
			t.Errorf("%s taken: %+v", bad, l)
		}
	}
}
