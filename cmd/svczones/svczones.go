// Package svczones is the hidden role by which the host's init boots zones when
// the host starts and ends them when it stops.
package svczones

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// Role is svc-zones start|reload|stop. Reload puts the protection of links in
// force again, after the host's firewall was loaded anew.
func Role(env *cli.Env, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	zones := zone.New(env.Root, env.Log)
	var err error
	switch {
	case len(args) == 1 && args[0] == "start":
		// What was interrupted when the host went down is settled first.
		err = errors.Join(zones.Prepare(ctx), zones.Sweep(ctx), zones.BootAll(ctx))
	case len(args) == 1 && args[0] == "reload":
		err = zones.ProtectLinks(ctx)
	case len(args) == 1 && args[0] == "stop":
		err = zones.HaltAll(ctx)
	default:
		fmt.Fprintln(env.Stderr, "usage: svc-zones start|reload|stop")
		return cli.ExitUsage
	}
	if err == nil {
		return cli.ExitOK
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(env.Stderr, "svc-zones: %s\n", strings.TrimSuffix(line, "\n"))
	}
	return cli.ExitFailed
}
