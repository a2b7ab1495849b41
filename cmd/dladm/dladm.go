// Package dladm is dladm, which makes, removes and shows links. It parses and
// prints; pkg/vnic does the work.
package dladm

import (
	_ "embed" // the manual
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/vnic"
)

// Manual is dladm(8).
//
//go:embed dladm.8.md
var Manual string

// New is dladm. Without a subcommand it shows all links.
func New(env *cli.Env) *cobra.Command {
	root := &cobra.Command{
		Use:         "dladm",
		Short:       "administer links",
		Annotations: map[string]string{command.OwnFlagErrors: ""},
		Args:        cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown subcommand '%s'", args[0])
			}
			return showLink(env, showOptions{}, "")
		},
		Example: "  dladm create-etherstub stub0\n  dladm create-vnic -l stub0 host0\n  dladm show-vnic -p -o link,macaddress",
	}
	root.AddCommand(
		newCreateEtherstub(env), newDeleteEtherstub(env), newShowEtherstub(env),
		newCreateVNIC(env), newDeleteVNIC(env), newShowVNIC(env),
		newShowLink(env), newShowPhys(env), newRenameLink(env), newUpLink(env),
	)
	root.AddCommand(unbuilt()...)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usagef("%w", err) })
	return root
}

// usagef is an error in the call. dladm knows no exit code but 1 for errors.
func usagef(format string, args ...any) error {
	return &cli.ExitError{Code: cli.ExitFailed, Err: fmt.Errorf(format, args...), Usage: true}
}

// verb completes a subcommand: what is wrong with its call exits 1.
func verb(cmd *cobra.Command, least, most int) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := command.Args(least, most)(cmd, args); err != nil {
			return usagef("%w", err)
		}
		return nil
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usagef("%w", err) })
	return cmd
}

// rootOptions are common to the subcommands that change links.
type rootOptions struct {
	temporary bool
	root      string
}

func (o *rootOptions) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&o.temporary, "temporary", "t", false, "only until the next boot of the host")
	cmd.Flags().StringVarP(&o.root, "root-dir", "R", "", "work below this `directory`")
}

func (o *rootOptions) create() vnic.CreateOptions {
	return vnic.CreateOptions{Temporary: o.temporary}
}

func (o *rootOptions) host(env *cli.Env) *vnic.Host {
	return vnic.New(paths.Root(filepath.Join(string(env.Root), o.root)), env.Log)
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
