package vnic

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"

	"github.com/smartbox-os/smartbox/internal/paths"
)

// ErrNotFound says that there is no link or tag of that name.
var ErrNotFound = errors.New("object not found")

// Host is all links of one root.
type Host struct {
	root paths.Root
	log  *slog.Logger
}

// New returns the links of root. It touches nothing.
func New(root paths.Root, log *slog.Logger) *Host { return &Host{root: root, log: log} }

// Attached is what a zone's links have after Attach.
type Attached struct {
	// Lease is called for every DHCP lease that Keep obtains.
	Resolvers []netip.Addr // learned from DHCP
}

// Attach gives a zone its links, with addresses, routes and protection, before
// its init runs; lo is brought up. netns is the zone's network namespace, owned
// by its user namespace. The host's ends are known by the zone's name, so that
// Detach finds them after any crash; Attach begins with a Detach. DHCP leases
// are waited for at most some seconds; Keep goes on asking.
func (h *Host) Attach(ctx context.Context, zone string, netns *os.File, nics []NIC, routes []Route) (*Attached, error) {
	return nil, errors.ErrUnsupported
}

// Keep renews DHCP leases of a zone's nics until ctx ends. lease is called with
// the resolvers of each new lease. It returns at once when no nic asks for DHCP.
func (h *Host) Keep(ctx context.Context, zone string, netns *os.File, nics []NIC, lease func([]netip.Addr)) error {
	return errors.ErrUnsupported
}

// Update applies to a running zone's links what can change live: protection,
// allowed addresses, blocked ports, and (zone-wide) routes.
func (h *Host) Update(ctx context.Context, zone string, netns *os.File, nics []NIC, routes []Route) error {
	return errors.ErrUnsupported
}

// Detach removes every link, filter and table entry of a zone. It is
// idempotent.
func (h *Host) Detach(ctx context.Context, zone string) error { return errors.ErrUnsupported }

// Check says why a nic of the spec could not be made here: an unknown nic tag
// (ErrNoTag), a VLAN without kernel support, an MTU that does not fit.
func (h *Host) Check(nic NIC) error { return errors.ErrUnsupported }

// TagExists reports whether name is a nic tag, etherstub or physical link that
// a nic may lie over.
func (h *Host) TagExists(name string) (bool, error) { return false, errors.ErrUnsupported }
