package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/platform"
	"github.com/smartbox-os/smartbox/pkg/platform/kmod"
	"github.com/smartbox-os/smartbox/pkg/platform/pid1"
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
	began time.Time

	mu     sync.Mutex
	phases []string
}

// New is the system with its console.
func New(root paths.Root, log *slog.Logger, console io.Writer) *System {
	return &System{
		Root: root, Log: log, Console: console,
		pools: zpool.New(root, log), zones: zone.New(root, log), began: time.Now(),
	}
}

// ErrNoPool says that there is no pool to run from.
var ErrNoPool = errors.New("no pool " + zpool.SystemPool + " is found on any disk")

// Devices loads drivers and makes what programs expect beside the mounts.
func (s *System) Devices() error {
	s.phase("init")
	loader, err := kmod.Open()
	if err != nil {
		return err
	}
	err = errors.Join(loader.Coldplug(), loader.Load("af_packet?", "loop?", "btrfs?", "nf_tables?"), loader.MakeNodes("/dev"))
	s.phase("devices")
	return errors.Join(err, pid1.MountCgroups(false), pid1.LinkUp("lo"))
}

// Import takes the pool in use and mounts what it has; ErrNoPool when there is
// none.
func (s *System) Import(ctx context.Context) error {
	err := s.pools.ImportPool(ctx, zpool.SystemPool, zpool.ImportOptions{Force: true})
	s.phase("pool")
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

// Start brings up what the pool's configuration asks for: accounts, addresses,
// and in the background the zones.
func (s *System) Start(ctx context.Context) error {
	if err := accounts(s.Root); err != nil {
		return err
	}
	c, err := ReadConfig(s.Root)
	if err != nil {
		return err
	}
	err = s.network(ctx, c)
	s.phase("network")
	s.keepKernelLog()
	return err
}

// BootZones starts every autoboot zone, several at a time.
func (s *System) BootZones(ctx context.Context) error {
	err := errors.Join(s.zones.Prepare(ctx), s.zones.Sweep(ctx), s.zones.BootAll(ctx))
	s.phase("zones")
	return err
}

// Stop ends the zones and lets go of the pool.
func (s *System) Stop(ctx context.Context) error {
	err := s.zones.HaltAll(ctx)
	if pools, listErr := s.pools.Pools(ctx); listErr == nil {
		for _, p := range pools {
			err = errors.Join(err, s.pools.ExportPool(ctx, p.Name, true))
		}
	}
	return err
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

// phase notes how long it took to get here, for who measures.
func (s *System) phase(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	up, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return
	}
	first, _, _ := strings.Cut(string(up), " ")
	s.phases = append(s.phases, name+"="+first)
}

// Phases are the seconds since the kernel began at which each phase ended.
func (s *System) Phases() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.phases, " ")
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
