package zfs

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zfs upgrade [-v]
// zfs upgrade [-r] [-V VERSION] -a | FILESYSTEM...
func newUpgrade(env *cli.Env, h *zpool.Host) *cobra.Command {
	var all, list, recursive bool
	var version int
	cmd := &cobra.Command{
		Use:     "upgrade [-v | -a | [-r] [-V version] filesystem...]",
		Short:   "tell which version filesystems have; there is only one",
		Example: "  zfs upgrade",
		RunE: func(cmd *cobra.Command, args []string) error {
			if list {
				_, err := fmt.Fprint(env.Stdout, "The following filesystem versions are supported:\n\n"+
					"VER  DESCRIPTION\n---  --------------------------------------------------------\n 5   System attributes\n\n")
				return err
			}
			if version != 5 {
				return cli.Usagef("invalid version number %d: all filesystems have version 5", version)
			}
			for _, name := range args {
				if _, err := h.Get(cmd.Context(), name, "version"); err != nil {
					return err
				}
			}
			text := "This system is currently running ZFS filesystem version 5.\n\nAll filesystems are formatted with the current version.\n"
			if all || len(args) > 0 {
				text = "0 filesystems upgraded\n"
			}
			_, err := fmt.Fprint(env.Stdout, text)
			return err
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&list, "versions", "v", false, "list versions")
	f.BoolVarP(&all, "all", "a", false, "all filesystems")
	f.BoolVarP(&recursive, "recursive", "r", false, "those below too")
	f.IntVarP(&version, "version", "V", 5, "the version to have")
	return cmd
}
