package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/platform"
	"github.com/smartbox-os/smartbox/pkg/platform/kmod"
	"github.com/smartbox-os/smartbox/pkg/platform/pid1"
	"github.com/smartbox-os/smartbox/pkg/platform/syslog"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// System is the running in-memory system.
type System struct {
	Root    paths.Root
	Log     *slog.Logger
	Console io.Writer

	pools *zpool.Host
	zones *zone.Host
	plug  *kmod.Plug
	log   *syslog.Log
}

// New is the system with its console.
func New(root paths.Root, log *slog.Logger, console io.Writer) *System {
	return &System{
		Root: root, Log: log, Console: console,
		pools: zpool.New(root, log), zones: zone.New(root, log), log: syslog.New(),
	}
}

// ErrNoPool says that there is no pool to run from.
var ErrNoPool = errors.New("no pool " + zpool.SystemPool + " is found on any disk")

// Devices loads the drivers that the pool needs and makes what programs expect
// beside the mounts. What only processors offer comes with Late.
func (s *System) Devices() error {
	pid1.Phase("init")
	loader, err := kmod.Open()
	if err != nil {
		return err
	}
	if s.plug, err = loader.Plug(isProcessor); err != nil {
		return err
	}
	// The pool's file system takes long, for it tries out its checksums.
	err = together(
		func() error { return loader.Load("btrfs?") },
		s.plug.Settle,
		func() error {
			return errors.Join(loader.MakeNodes("/dev"), pid1.MountCgroups(false), pid1.LinkUp("lo"))
		})
	pid1.Phase("devices")
	return err
}

// isProcessor reports whether an alias is the processor's: ciphers and virtual
// machines, which the system comes up without.
func isProcessor(alias string) bool { return strings.HasPrefix(alias, "cpu:") }

// together runs functions at the same time and returns all their errors.
func together(all ...func() error) error {
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, do := range all {
		wg.Go(func() { errs[i] = do() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Late loads the drivers that were put off, and then those of devices that are
// plugged in, until ctx ends.
func (s *System) Late(ctx context.Context) {
	if s.plug == nil {
		return
	}
	failed := func(err error) { s.Log.Warn("devices", "error", err) }
	if err := s.plug.Late(); err != nil {
		failed(err)
	}
	s.plug.Watch(ctx, failed)
}

// Listen begins to collect what programs and the kernel say. A system that does
// not log comes up nonetheless.
func (s *System) Listen() error {
	return errors.Join(s.log.Listen("/dev/log"), s.log.Kernel("/dev/kmsg"))
}

// Import takes the pool in use and mounts what it has; ErrNoPool when there is
// none.
func (s *System) Import(ctx context.Context) error {
	err := s.pools.ImportPool(ctx, zpool.SystemPool, zpool.ImportOptions{Force: true})
	pid1.Phase("pool")
	if errors.Is(err, zpool.ErrNoPool) {
		return ErrNoPool
	}
	return err
}

// Reopen looks at the pools again, after another process made one.
func (s *System) Reopen(ctx context.Context) error {
	s.pools, s.zones = zpool.New(s.Root, s.Log), zone.New(s.Root, s.Log)
	return s.pools.MountAll(ctx)
}

// Accounts puts root's password and keys in place.
func (s *System) Accounts() error { return accounts(s.Root) }

// Configure takes from the pool what the console's login needs: accounts and
// the host's name. The rest of the configuration is returned.
func (s *System) Configure() (*Config, error) {
	if err := errors.Join(identity(s.Root, machineID), accounts(s.Root)); err != nil {
		return nil, err
	}
	c, err := ReadConfig(s.Root)
	if err != nil || c.Hostname == "" {
		return c, err
	}
	if err := unix.Sethostname([]byte(c.Hostname)); err != nil {
		return nil, fmt.Errorf("hostname: %w", err)
	}
	return c, nil
}

// Network gives the host its addresses.
func (s *System) Network(ctx context.Context, c *Config) error {
	err := s.network(ctx, c)
	pid1.Phase("network")
	return err
}

// BootZones starts every autoboot zone, several at a time.
func (s *System) BootZones(ctx context.Context) error {
	err := errors.Join(s.zones.Prepare(ctx), s.zones.Sweep(ctx), s.zones.BootAll(ctx))
	pid1.Phase("zones")
	return err
}

// Stop ends the zones and lets go of the pool.
func (s *System) Stop(ctx context.Context) error {
	s.log.Add("init: going down")
	err := errors.Join(s.zones.HaltAll(ctx), s.log.Release())
	if pools, listErr := s.pools.Pools(ctx); listErr == nil {
		for _, p := range pools {
			err = errors.Join(err, s.pools.ExportPool(ctx, p.Name, true))
		}
	}
	return err
}

// KeepLogs writes to the pool what was said since the system started, and from
// now on.
func (s *System) KeepLogs() error {
	s.keepKernelLog()
	if err := s.log.Keep(filepath.Join(s.Root.Log(), "messages")); err != nil {
		return err
	}
	link := s.Root.Join("var/log/messages")
	if err := os.Symlink("smartbox/messages", link); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// keepKernelLog writes what the kernel said at this boot to the pool; losing it
// must not keep the system from coming up.
func (s *System) keepKernelLog() {
	size, err := unix.Klogctl(unix.SYSLOG_ACTION_SIZE_BUFFER, nil)
	if err == nil {
		buf := make([]byte, size)
		if size, err = unix.Klogctl(unix.SYSLOG_ACTION_READ_ALL, buf); err == nil {
			err = os.WriteFile(s.Root.Log()+"/dmesg", buf[:size], 0o600)
		}
	}
	if err != nil {
		s.Log.Warn("the kernel's log is not kept", "error", err)
	}
}

// Stamp is the running image's.
func Stamp() string {
	b, err := os.ReadFile(platform.StampFile)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func (s *System) say(format string, args ...any) {
	fmt.Fprintf(s.Console, "smartbox: "+format+"\r\n", args...)
}
