package cmd

import (
	"embed"
	"fmt"
	"strings"

	"github.com/smartbox-os/smartbox/internal/cli"
)

// One script per shell serves all tools: it asks the tool itself, so machines
// and images complete too.
//
//go:embed completion
var scripts embed.FS

func completion(env *cli.Env, args []string) int {
	if len(args) != 1 {
		return misuse(env, "completion bash|zsh|fish")
	}
	script, err := scripts.ReadFile("completion/smartbox." + args[0])
	if err != nil {
		fmt.Fprintf(env.Stderr, "%s: completion: no script for %q, only for bash, zsh and fish\n", self, args[0])
		return cli.ExitUsage
	}
	var names []string
	for _, a := range tools() {
		names = append(names, a.Name)
	}
	fmt.Fprint(env.Stdout, strings.ReplaceAll(string(script), "@TOOLS@", strings.Join(names, " ")))
	return cli.ExitOK
}
