package vnic

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/smartbox-os/smartbox/internal/paths"
)

// Host is all links of one root.
type Host struct {
	root paths.Root
	log  *slog.Logger

	patience time.Duration // of a boot with DHCP
}

// New returns the links of root. It touches nothing.
func New(root paths.Root, log *slog.Logger) *Host {
	return &Host{root: root, log: log, patience: 5 * time.Second}
}

// Attached is what a zone's links have after Attach.
type Attached struct {
	Resolvers []netip.Addr // learned from DHCP
}
