package zfs

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zfs rename [-fpr] DATASET NAME
func newRename(h *zpool.Host) *cobra.Command {
	var o zpool.RenameOptions
	cmd := &cobra.Command{
		Use:     "rename [-fpru] dataset name",
		Short:   "give a dataset or snapshot another name",
		Example: "  zfs rename zones/a zones/b",
		Args:    command.Args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Recursive && !strings.Contains(args[0], "@") {
				return cli.Usagef("source dataset for recursive rename must be a snapshot")
			}
			return h.Rename(cmd.Context(), args[0], args[1], o)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.Force, "force", "f", false, "unmount even what is busy")
	f.BoolVarP(&o.Parents, "parents", "p", false, "make missing parents")
	f.BoolP("no-remount", "u", false, "accepted: nothing is mounted again, since a mounted dataset stays mounted")
	f.BoolVarP(&o.Recursive, "recursive", "r", false, "rename the snapshots of that name below too")
	return cmd
}
