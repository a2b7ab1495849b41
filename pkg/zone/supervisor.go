package zone

import (
	"context"
	"net"
	"os"
)

// Supervisor is what the zoneadmd role needs from above.
type Supervisor struct {
	Zone string
	// Metadata answers one connection from inside the zone, nil for none.
	Metadata func(ctx context.Context, conn net.Conn)
	// Exited is told of every end of the zone, before a restart.
	Exited func(Exit)
	Ready  *os.File // gets the outcome of the first boot, then is closed
}
