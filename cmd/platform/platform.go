// Package platform is smartbox platform: images of the in-memory system.
package platform

import (
	_ "embed" // the manual

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
)

// Manual is platform.8.md.
//
//go:embed platform.8.md
var Manual string

// New builds the command tree.
func New(env *cli.Env) *cobra.Command {
	root := &cobra.Command{
		Use:     "platform COMMAND [ARG...]",
		Short:   "build images of the in-memory system",
		Example: "  smartbox platform build -k linux-image-6.1.0-56-cloud-amd64.deb build/platform",
		Args:    cobra.ArbitraryArgs,
		RunE:    command.NeedVerb,
	}
	root.AddCommand(newBuild(env), newKeygen(env), newMedia(env), newVerify(env))
	for _, verb := range root.Commands() {
		verb.DisableFlagsInUseLine = true
	}
	return root
}
