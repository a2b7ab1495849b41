package command

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/internal/cli"
)

// Called is the call of a tool as it was typed, and the operands in it that may
// be names of something: no options, no assignments.
func Called(env *cli.Env) (line string, names []string) {
	args := slices.Clone(env.Args)
	args[0] = filepath.Base(args[0])
	if args[0] == "smartbox" && len(args) > 1 {
		args = args[1:]
	}
	for _, arg := range args[1:] {
		if !strings.HasPrefix(arg, "-") && !strings.Contains(arg, "=") {
			names = append(names, arg)
		}
	}
	return strings.Join(args, " "), names
}

// Caller is who called, "0 (root)", and on which host.
func Caller() (who, host string) {
	who = "unknown"
	if u, err := user.Current(); err == nil {
		who = u.Uid + " (" + u.Username + ")"
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return who, host
}

// BuildVersion is the version of this program as the module's build says it.
func BuildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return "smartbox-" + info.Main.Version
	}
	return "smartbox-(devel)"
}
