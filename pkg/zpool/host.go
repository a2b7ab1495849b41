package zpool

import (
	"context"
	"errors"
	"log/slog"

	"github.com/smartbox-os/smartbox/internal/paths"
)

// Conditions that callers test with errors.Is. The tools word them as zfs(8)
// does.
var (
	ErrNotFound  = errors.New("dataset does not exist")
	ErrNoPool    = errors.New("no such pool")
	ErrExists    = errors.New("dataset already exists")
	ErrBusy      = errors.New("dataset is busy")
	ErrChildren  = errors.New("filesystem has children")
	ErrClones    = errors.New("has dependent clones")
	ErrNoSpace   = errors.New("out of space")
	ErrBadName   = errors.New("invalid name")
	ErrProperty  = errors.New("invalid property")
	ErrUnsupport = errors.New("not supported by this backend")
)

// Backend is one way to keep pools: OpenZFS or btrfs. Names are whole dataset
// names; the backend of a name is that of its pool.
type Backend interface {
	List(ctx context.Context, o ListOptions) ([]Dataset, error)
	Create(ctx context.Context, name string, o CreateOptions) error
	Destroy(ctx context.Context, name string, o DestroyOptions) error
	Set(ctx context.Context, name string, props map[string]string) error
	Inherit(ctx context.Context, name, prop string, recursive bool) error
	Snapshot(ctx context.Context, names []string, o SnapshotOptions) error
	Clone(ctx context.Context, snapshot, name string, o CreateOptions) error
	Rollback(ctx context.Context, snapshot string, o RollbackOptions) error
	Rename(ctx context.Context, from, to string, o RenameOptions) error
	Promote(ctx context.Context, name string) error
	Mount(ctx context.Context, name string) error
	Unmount(ctx context.Context, name string, force bool) error
}

// Host is all pools of one root.
type Host struct {
	root paths.Root
	log  *slog.Logger
}

// New returns the pools of root. It touches nothing; pools that were in use
// before a reboot of the host are imported when first asked for.
func New(root paths.Root, log *slog.Logger) *Host { return &Host{root: root, log: log} }

// Get reads one dataset with the named properties (none: all native ones).
func (h *Host) Get(ctx context.Context, name string, props ...string) (Dataset, error) {
	return Dataset{}, errors.ErrUnsupported
}

// List reads datasets, parents before children, snapshots after their dataset.
func (h *Host) List(ctx context.Context, o ListOptions) ([]Dataset, error) {
	return nil, errors.ErrUnsupported
}

// Create makes and mounts a filesystem or volume.
func (h *Host) Create(ctx context.Context, name string, o CreateOptions) error {
	return errors.ErrUnsupported
}

// Destroy removes a dataset or snapshot.
func (h *Host) Destroy(ctx context.Context, name string, o DestroyOptions) error {
	return errors.ErrUnsupported
}

// Set changes properties, all or none.
func (h *Host) Set(ctx context.Context, name string, props map[string]string) error {
	return errors.ErrUnsupported
}

// Inherit clears a property, so that the parent's value counts.
func (h *Host) Inherit(ctx context.Context, name, prop string, recursive bool) error {
	return errors.ErrUnsupported
}

// Snapshot takes snapshots (zones/a@s) at one moment.
func (h *Host) Snapshot(ctx context.Context, names []string, o SnapshotOptions) error {
	return errors.ErrUnsupported
}

// Clone makes and mounts a filesystem or volume from a snapshot.
func (h *Host) Clone(ctx context.Context, snapshot, name string, o CreateOptions) error {
	return errors.ErrUnsupported
}

// Rollback brings a dataset back to a snapshot.
func (h *Host) Rollback(ctx context.Context, snapshot string, o RollbackOptions) error {
	return errors.ErrUnsupported
}

// Rename moves a dataset or renames a snapshot.
func (h *Host) Rename(ctx context.Context, from, to string, o RenameOptions) error {
	return errors.ErrUnsupported
}

// Promote makes a clone the origin of its origin.
func (h *Host) Promote(ctx context.Context, name string) error { return errors.ErrUnsupported }

// Mount mounts a filesystem at its mountpoint; being mounted is no error.
func (h *Host) Mount(ctx context.Context, name string) error { return errors.ErrUnsupported }

// Unmount unmounts a filesystem; not being mounted is no error.
func (h *Host) Unmount(ctx context.Context, name string, force bool) error {
	return errors.ErrUnsupported
}

// DatasetAt names the filesystem whose mountpoint property leads to path (a
// path on this host, root included), ErrNotFound when none does.
func (h *Host) DatasetAt(ctx context.Context, path string) (string, error) {
	return "", errors.ErrUnsupported
}
