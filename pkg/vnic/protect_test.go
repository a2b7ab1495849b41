package vnic

import (
	"context"
	"os/exec"
	"testing"

	"github.com/google/nftables"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

// flush does what a firewall of the host's does when it is loaded. The network
// namespace is the tests' own.
func flush(t *testing.T) {
	t.Helper()
	testenv.RequireCommand(t, "nft")
	if out, err := exec.Command("nft", "flush", "ruleset").CombinedOutput(); err != nil {
		t.Fatalf("nft flush ruleset: %v: %s", err, out)
	}
}

// tables are the names of those that protect something here.
func tables(t *testing.T) map[string]bool {
	t.Helper()
	list, err := new(nftables.Conn).ListTablesOfFamily(nftables.TableFamilyNetdev)
	must(t, err)
	names := map[string]bool{}
	for _, table := range list {
		names[table.Name] = true
	}
	return names
}

func TestUpdate_afterAllRulesWereFlushed(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	a := attach(t, h, "a", []NIC{protectedNIC(t)})
	b := attach(t, h, "b", []NIC{nic("stub0", "10.9.0.2/24")})
	out, in := wire(t, a, "net0"), wire(t, b, "net0")
	before := tables(t)
	lie := frames(t)["ipv4 of other"]
	flush(t)
	if !arrives(t, out, in, lie) {
		t.Error("nothing was flushed")
	}
	must(t, h.Update(context.Background(), "a", a.File, []NIC{protectedNIC(t)}, nil))
	must(t, h.Update(context.Background(), "b", b.File, []NIC{nic("stub0", "10.9.0.2/24")}, nil))
	checkFrames(t, out, in, nil, nil)
	for table := range before {
		if !tables(t)[table] {
			t.Errorf("%s is not there again", table)
		}
	}
}

// A zone that boots guards its switch, whatever happened to the rules since
// the switch was made.
func TestAttach_guardsTheSwitchAgain(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	guard := h.guardTable(kernelName(h.root, classBridge, "stub0"))
	if !tables(t)[guard] {
		t.Fatalf("no table %s", guard)
	}
	flush(t)
	attach(t, h, "a", []NIC{nic("stub0", "10.9.0.1/24")})
	if !tables(t)[guard] {
		t.Error("the switch is not kept from the host")
	}
}
