package vnic

import (
	"log/slog"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/paths"
)

func TestNextRenewal_isTheEarliestOfAllLeases(t *testing.T) {
	h := New(paths.Root(t.TempDir()), slog.New(slog.DiscardHandler))
	now := time.Now().Round(time.Second)
	nic := func(name string, dhcp bool) NIC { return NIC{Name: name, DHCP: dhcp} }
	nics := []NIC{nic("net0", true), nic("net1", false), nic("net2", true)}
	store := func(leases ...*lease) {
		t.Helper()
		z := new(zoneLinks)
		for i, n := range nics {
			z.NICs = append(z.NICs, zoneNIC{NIC: n, Lease: leases[i]})
		}
		if err := h.storeZone("z", z); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := h.NextRenewal("z", nics); ok {
		t.Error("a zone without a record has leases")
	}
	store(&lease{Renew: now.Add(time.Hour)}, nil, nil)
	if _, ok := h.NextRenewal("z", nics); ok {
		t.Error("one lease is missing, and nobody asks for it")
	}
	store(&lease{Renew: now.Add(time.Hour)}, nil, &lease{Renew: now.Add(time.Minute)})
	if next, ok := h.NextRenewal("z", nics); !ok || !next.Equal(now.Add(time.Minute)) {
		t.Errorf("next %v, %v", next, ok)
	}
	if _, ok := h.NextRenewal("z", nics[1:2]); ok {
		t.Error("a zone without dynamic links has something to renew")
	}
}
