// Package zinit is the hidden roles inside sparse zones: their init, and the
// commands that ask it to end the zone.
package zinit

import (
	"context"
	"fmt"

	_ "github.com/smartbox-os/smartbox/cmd/zinit/first" // PID 1
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zone/zinit"
	"github.com/smartbox-os/smartbox/pkg/zone/zinit/boot"
)

// Role is the part of zinit that does a boot's work. PID 1 itself begins in
// package first and never comes here.
func Role(env *cli.Env, args []string) int {
	if len(args) != 1 || args[0] != zinit.BootArg {
		fmt.Fprintln(env.Stderr, "zinit: is the init of sparse zones")
		return cli.ExitUsage
	}
	if err := boot.Run(context.Background()); err != nil {
		fmt.Fprintf(env.Stderr, "zinit: %v\n", err)
		return cli.ExitFailed
	}
	return cli.ExitOK
}
