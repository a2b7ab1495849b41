// Package zinit is the hidden roles inside sparse zones: their init, and the
// commands that ask it to end the zone.
package zinit

import (
	"context"
	"fmt"
	"os"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zone/zinit"
)

// Role is zinit: PID 1 of a zone, or with "boot" the part of it that does a
// boot's work.
func Role(env *cli.Env, args []string) int {
	var err error
	switch {
	case os.Getpid() == 1:
		err = zinit.Run()
	case len(args) == 1 && args[0] == "boot":
		err = zinit.Boot(context.Background())
	default:
		fmt.Fprintln(env.Stderr, "zinit: is the init of sparse zones")
		return cli.ExitUsage
	}
	if err != nil {
		fmt.Fprintf(env.Stderr, "zinit: %v\n", err)
		return cli.ExitFailed
	}
	return cli.ExitOK
}
