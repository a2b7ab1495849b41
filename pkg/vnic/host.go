package vnic

import (
	"log/slog"
	"net/netip"

	"github.com/smartbox-os/smartbox/internal/paths"
)

// Host is all links of one root.
type Host struct {
	root paths.Root
	log  *slog.Logger
}

// New returns the links of root. It touches nothing.
func New(root paths.Root, log *slog.Logger) *Host { return &Host{root: root, log: log} }

// Attached is what a zone's links have after Attach.
type Attached struct {
	Resolvers []netip.Addr // learned from DHCP
}
