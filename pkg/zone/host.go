package zone

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"syscall"
	"time"

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

// Host is all zones of one root.
type Host struct {
	root  paths.Root
	log   *slog.Logger
	pools *zpool.Host
	links *vnic.Host
}

// New returns the zones of root. It touches nothing.
func New(root paths.Root, log *slog.Logger) *Host {
	return &Host{root: root, log: log, pools: zpool.New(root, log), links: vnic.New(root, log)}
}

// Status is where a zone stands now.
type Status struct {
	Name    string
	State   State
	Config  *Config
	Run     *RunState // nil unless ready, running, shutting_down or down
	LastEnd *Exit     // nil when its init never ended in this boot of the host
}

// --- the configuration: store.go

// Load reads one zone's configuration; ErrNotFound when there is none.
func (h *Host) Load(name string) (*Config, error) { return nil, errors.ErrUnsupported }

// Create stores a new zone's configuration; ErrExists when the name is taken.
func (h *Host) Create(ctx context.Context, c *Config) error { return errors.ErrUnsupported }

// Edit changes a zone's configuration under its lock; an error of change
// leaves it as it was.
func (h *Host) Edit(ctx context.Context, name string, change func(*Config) error) error {
	return errors.ErrUnsupported
}

// Remove deletes the configuration of a zone that is configured or incomplete.
func (h *Host) Remove(ctx context.Context, name string) error { return errors.ErrUnsupported }

// --- the state: status.go

// Status verifies a zone's state against the kernel; ErrNotFound.
func (h *Host) Status(name string) (Status, error) { return Status{}, errors.ErrUnsupported }

// List is the status of all zones, those in the kernel first by id, the others
// by name. Zones whose configuration cannot be read are reported in the error,
// beside the rest.
func (h *Host) List() ([]Status, error) { return nil, errors.ErrUnsupported }

// --- running zones: lifecycle.go

// BootOptions of one boot; empty members are the configuration's.
type BootOptions struct {
	Init string   // -i: path of init
	Args []string // further arguments of init (-m, -s and unknown words)
}

// Boot starts an installed or ready zone and returns when its init runs.
func (h *Host) Boot(ctx context.Context, name string, o BootOptions) error {
	return errors.ErrUnsupported
}

// Ready makes the zone's kernel parts without an init.
func (h *Host) Ready(ctx context.Context, name string) error { return errors.ErrUnsupported }

// Halt ends a zone at once; a zone that is down already is fine.
func (h *Host) Halt(ctx context.Context, name string) error { return errors.ErrUnsupported }

// Shutdown asks init to end the zone (by the brand's way), waits at most
// patience, and halts it then. With reboot it boots again.
func (h *Host) Shutdown(ctx context.Context, name string, patience time.Duration, reboot bool) error {
	return errors.ErrUnsupported
}

// Reboot halts and boots a running zone; its zone id changes.
func (h *Host) Reboot(ctx context.Context, name string, o BootOptions) error {
	return errors.ErrUnsupported
}

// Kill sends a signal to a running zone's init.
func (h *Host) Kill(ctx context.Context, name string, sig syscall.Signal) error {
	return errors.ErrUnsupported
}

// Refresh applies a changed configuration to a running zone as far as it can
// change live: limits, link protection, routes.
func (h *Host) Refresh(ctx context.Context, name string) error { return errors.ErrUnsupported }

// BootAll boots every installed autoboot zone, some in parallel; HaltAll shuts
// all down. Both return the joined errors of the zones that failed.
func (h *Host) BootAll(ctx context.Context) error { return errors.ErrUnsupported }

// HaltAll shuts down every running zone.
func (h *Host) HaltAll(ctx context.Context) error { return errors.ErrUnsupported }

// --- entering: exec.go, console.go

// ExecOptions describe a command in a running zone.
type ExecOptions struct {
	Argv   []string // as it is: the caller wraps it in su or sh
	Env    []string // none: a clean default environment
	Dir    string   // none: /
	User   string   // none: root; looked up in the zone's own /etc/passwd
	TTY    bool     // a pty of the zone's own devpts, relayed to Stdin/Stdout
	Resize <-chan struct{}
	Size   func() (rows, cols uint16)
	Stdin  io.Reader // nil: /dev/null of the zone
	Stdout io.Writer
	Stderr io.Writer
}

// Exec runs a command in a running zone and returns its exit code, 128+n when
// signal n killed it. No file of the host is open in the command.
func (h *Host) Exec(ctx context.Context, name string, o ExecOptions) (int, error) {
	return 0, errors.ErrUnsupported
}

// Console connects to a zone's console, from state installed on and across
// reboots, until the connection is closed. One may write (ErrConsoleBusy),
// many may read.
func (h *Host) Console(ctx context.Context, name string, readOnly bool) (io.ReadWriteCloser, error) {
	return nil, errors.ErrUnsupported
}

// --- installing: install.go

// InstallOptions say where a zone's root comes from.
type InstallOptions struct {
	Origin string            // snapshot to clone: zones/IMAGE@final
	Props  map[string]string // of the new dataset: quota ...
}

// Install makes a configured zone's dataset at its zonepath (root/, config/,
// cores/ below it) and prepares the root for its brand.
func (h *Host) Install(ctx context.Context, name string, o InstallOptions) error {
	return errors.ErrUnsupported
}

// Uninstall destroys a zone's dataset, or files; the zone is configured then.
func (h *Host) Uninstall(ctx context.Context, name string) error { return errors.ErrUnsupported }

// --- zoneadmd

// Supervisor is what the zoneadmd role needs from above.
type Supervisor struct {
	Zone string
	// Metadata answers one connection from inside the zone, nil for none.
	Metadata func(ctx context.Context, conn io.ReadWriteCloser)
	// Exited is told of every end of the zone, before a restart.
	Exited func(Exit)
	Ready  *os.File // gets the outcome of the first boot, then is closed
}
