package dladm

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
)

func newRenameLink(env *cli.Env) *cobra.Command {
	var o rootOptions
	cmd := &cobra.Command{
		Use:   "rename-link [-R root-dir] <oldlink> <newlink>",
		Short: "give a link another name",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.host(env).RenameLink(cmd.Context(), args[0], args[1]); err != nil {
				return fmt.Errorf("rename operation failed: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&o.root, "root-dir", "R", "", "work below this `directory`")
	return verb(cmd, 2, 2)
}

// newUpLink is what a boot of the host calls; others rarely need it, since
// links are made again whenever a zone or command needs them.
func newUpLink(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "up-link [link]",
		Short: "make the configured links that the kernel lacks",
		RunE: func(cmd *cobra.Command, args []string) error {
			h := (&rootOptions{}).host(env)
			if len(args) == 0 {
				return h.EnsureAll(cmd.Context())
			}
			return h.Ensure(cmd.Context(), args[0])
		},
	}
	return verb(cmd, 0, 1)
}
