// Package cmd is the table of tools and the dispatcher that picks one.
package cmd

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
)

// Applet is one tool, or (with Role) a hidden part that smartbox plays when it
// starts itself again.
type Applet struct {
	Name    string
	Summary string // one line, for --list and the manual's head
	New     func(*cli.Env) *cobra.Command
	Role    func(*cli.Env, []string) int // instead of New; never listed
}

// applets returns the one table name -> constructor. It is a function, so that
// nothing is built before the name is known.
func applets() []Applet {
	return []Applet{}
}

func (a Applet) run(env *cli.Env, args []string) int {
	if a.Role != nil {
		return a.Role(env, args)
	}
	root := a.New(env)
	return command.Run(env, root, args)
}
