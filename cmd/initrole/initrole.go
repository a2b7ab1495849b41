// Package initrole is the hidden roles of the in-memory system: PID 1, the
// worker that it starts, and the kernel's modprobe.
package initrole

import (
	"fmt"
	"os"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform/kmod"
	"github.com/smartbox-os/smartbox/pkg/platform/pid1"
)

// Init is PID 1; for everybody else it does nothing.
func Init(env *cli.Env, _ []string) int {
	if os.Getpid() != 1 {
		fmt.Fprintln(env.Stderr, "init: is the first process of the in-memory system, and of use to nobody else")
		return cli.ExitUsage
	}
	pid1.Run()
	return cli.ExitFailed
}

// Worker is PID 1's child, which does the work.
func Worker(env *cli.Env, _ []string) int {
	if os.Getppid() != 1 {
		fmt.Fprintln(env.Stderr, "init-worker: is started by init")
		return cli.ExitUsage
	}
	if !pid1.IsGuest() {
		return system(env)
	}
	if err := pid1.Guest(); err != nil {
		fmt.Fprintf(env.Stderr, "smartbox: %v\n", err)
	}
	return pid1.CodePowerOff
}

// Modprobe is what the kernel calls for modules: modprobe [-q] [--] ALIAS...
func Modprobe(env *cli.Env, args []string) int {
	quiet := false
	var names []string
	for _, a := range args {
		switch a {
		case "-q", "--quiet":
			quiet = true
		case "--", "-b", "--use-blacklist", "-a", "-s", "--syslog":
		default:
			names = append(names, a)
		}
	}
	loader, err := kmod.Open()
	if err == nil {
		err = loader.Load(names...)
	}
	if err == nil {
		return cli.ExitOK
	}
	if !quiet {
		fmt.Fprintf(env.Stderr, "modprobe: %v\n", err)
	}
	return cli.ExitFailed
}
