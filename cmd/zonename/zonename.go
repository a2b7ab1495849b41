// Package zonename is zonename(1): the name of the zone one is in.
package zonename

import (
	_ "embed" // the manual
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// Manual is zonename.1.md.
//
//go:embed zonename.8.md
var Manual string

// New is zonename.
func New(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "zonename",
		Short:   "print the name of this zone",
		Example: "  zonename",
		Args:    command.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			name, err := zone.Own()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(env.Stdout, name)
			return err
		},
	}
}
