package zone

import (
	"context"
	"log/slog"
	"net"
	"os"

	"github.com/smartbox-os/smartbox/internal/paths"
)

// Supervisor is what the zoneadmd role needs from above.
type Supervisor struct {
	Zone string
	// Metadata answers one connection from inside the zone.
	Metadata func(ctx context.Context, conn net.Conn)
	// Note is what a zoneadmd told itself when it went to sleep.
	Note string
}

// Raiser makes a zone's kernel parts, runs its init unless it shall only be
// ready, and leaves both to a zoneadmd, which holds the zone's lock from then
// on. When it fails nothing is left. It may change the process's umask.
type Raiser func(ctx context.Context, root paths.Root, log *slog.Logger, name string, lock *os.File, r Request) error

// raise is package super's, which stands on this one.
var raise Raiser

// SetRaiser is called once, when packages are initialised.
func SetRaiser(f Raiser) { raise = f }
