package command

import (
	"fmt"

	"github.com/spf13/cobra"
)

// Refusal is a verb of the original that is not carried out here, and why.
type Refusal struct{ Verb, Why string }

// Refused returns the commands that say so, whatever their arguments.
func Refused(all []Refusal) []*cobra.Command {
	cmds := make([]*cobra.Command, len(all))
	for i, r := range all {
		cmds[i] = &cobra.Command{
			Use: r.Verb, Hidden: true, DisableFlagParsing: true,
			RunE: func(*cobra.Command, []string) error { return fmt.Errorf("cannot %s: %s", r.Verb, r.Why) },
		}
	}
	return cmds
}
