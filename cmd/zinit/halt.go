package zinit

import (
	"fmt"
	"path/filepath"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zone/zinit"
)

const haltUsage = "usage: halt|poweroff|reboot [-f], shutdown [-h|-P|-r] [now]"

// Halt is halt, poweroff, reboot and shutdown in a sparse zone, by the name it
// is called with.
func Halt(env *cli.Env, args []string) int {
	name := filepath.Base(env.Args[0])
	if name == "smartbox" && len(env.Args) > 1 {
		name = env.Args[1]
	}
	o := zinit.EndOptions{Reboot: name == "reboot"}
	for _, arg := range args {
		switch {
		case arg == "-r" && name == "shutdown":
			o.Reboot = true
		case arg == "-f" && name != "shutdown":
			o.Force = true
		case arg == "now", arg == "+0", arg == "-h", arg == "-P", arg == "-p", arg == "-H":
		default:
			fmt.Fprintf(env.Stderr, "%s: unknown argument %q\n%s\n", name, arg, haltUsage)
			return cli.ExitUsage
		}
	}
	if err := zinit.End(o); err != nil {
		fmt.Fprintf(env.Stderr, "%s: %v\n", name, err)
		return cli.ExitFailed
	}
	return cli.ExitOK
}
