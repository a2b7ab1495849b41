package zone

import (
	"errors"
	"log/slog"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/vnic"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Conditions that callers test with errors.Is.
var (
	ErrNotFound = errors.New("no such zone configured")
	ErrExists   = errors.New("zone already exists")
	ErrBusy     = errors.New("another zoneadm may have an operation in progress")
)

// StateError says that an operation does not fit the state a zone is in.
type StateError struct {
	Op    string
	Zone  string
	State State
}

func (e *StateError) Error() string {
	return e.Op + ": zone " + e.Zone + " is " + string(e.State)
}

// OpError is an operation on a zone that failed.
type OpError struct {
	Op   string
	Zone string
	Err  error
}

func (e *OpError) Error() string { return e.Op + " zone " + e.Zone + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *OpError) Unwrap() error { return e.Err }

// Host is all zones of one root.
type Host struct {
	root  paths.Root
	log   *slog.Logger
	pools *zpool.Host
	links *vnic.Host

	onStep func(step string) // tests kill themselves at steps of an operation
}

// New returns the zones of root. It touches nothing.
func New(root paths.Root, log *slog.Logger) *Host {
	return &Host{root: root, log: log, pools: zpool.New(root, log), links: vnic.New(root, log)}
}
