// Package nictagadm is nictagadm, which manages nic tags. It parses and prints;
// pkg/vnic does the work.
package nictagadm

import (
	_ "embed" // the manual
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/vnic"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// Manual is nictagadm(8).
//
//go:embed nictagadm.8.md
var Manual string

// New is nictagadm.
func New(env *cli.Env) *cobra.Command {
	root := &cobra.Command{
		Use:         "nictagadm",
		Short:       "administer nic tags",
		Annotations: map[string]string{command.Prefix: "Error: "},
		Args:        cobra.ArbitraryArgs,
		RunE:        command.NeedVerb,
		Example:     "  nictagadm add external 00:50:56:3d:a7:95\n  nictagadm add -l stub0\n  nictagadm list",
	}
	root.PersistentFlags().CountP("verbose", "v", "say more")
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) {
		if n, err := cmd.Flags().GetCount("verbose"); err == nil && n > 0 {
			env.Level.Set(slog.LevelDebug)
		}
	}
	root.AddCommand(newAdd(env), newUpdate(env), newDelete(env), newList(env), newExists(env), newVMs(env))
	return root
}

func host(env *cli.Env) *vnic.Host { return vnic.New(env.Root, env.Log) }

// users are the machines that are configured to use a tag.
func users(env *cli.Env) func(tag string) ([]string, error) {
	return func(tag string) ([]string, error) {
		zones, err := zone.New(env.Root, env.Log).List()
		if err != nil {
			return nil, fmt.Errorf("ask the machines for nic tag %s: %w", tag, err)
		}
		var names []string
		for _, z := range zones {
			if z.Config != nil && usesTag(z.Config, tag) {
				names = append(names, z.Name)
			}
		}
		return names, nil
	}
}

func usesTag(c *zone.Config, tag string) bool {
	for _, n := range c.Net {
		if n.GlobalNIC == tag {
			return true
		}
	}
	return false
}
