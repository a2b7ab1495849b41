// Package sysinfo is sysinfo(8): what this host is.
package sysinfo

import (
	_ "embed" // the manual
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/sysinfo"
)

// Manual is sysinfo.8.md.
//
//go:embed sysinfo.8.md
var Manual string

// New is sysinfo [-fjp].
func New(env *cli.Env) *cobra.Command {
	var parsable, asJSON, force bool
	cmd := &cobra.Command{
		Use:                   "sysinfo [-fjp]",
		Short:                 "show what this host is",
		Example:               "  sysinfo\n  sysinfo -p | grep UUID",
		DisableFlagsInUseLine: true,
		Args:                  command.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if parsable && asJSON {
				return cli.Usagef("-j and -p do not go together")
			}
			info, err := sysinfo.New(env.Root, env.Log).Info(cmd.Context())
			if err != nil { // the rest is worth printing
				env.Log.Warn("not everything could be read", "error", err)
			}
			data, err := json.MarshalIndent(info, "", "  ")
			if err != nil {
				return err
			}
			if parsable {
				return printFlat(env, data)
			}
			_, err = fmt.Fprintf(env.Stdout, "%s\n", data)
			return err
		},
	}
	cmd.Flags().BoolVarP(&parsable, "parsable", "p", false, "print KEY=value lines for shells")
	cmd.Flags().BoolVarP(&asJSON, "json", "j", false, "print JSON (the default)")
	cmd.Flags().BoolVarP(&force, "force", "f", false, "read everything anew (always so)")
	return cmd
}
