package zfs

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zfs rollback [-rRf] SNAPSHOT
func newRollback(h *zpool.Host) *cobra.Command {
	var o zpool.RollbackOptions
	cmd := &cobra.Command{
		Use:     "rollback [-rRf] snapshot",
		Short:   "bring a dataset back to a snapshot",
		Example: "  zfs rollback zones/data@monday",
		Args:    command.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.Rollback(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.Recursive, "recursive", "r", false, "destroy more recent snapshots")
	f.BoolVarP(&o.Dependents, "dependents", "R", false, "destroy more recent snapshots and their clones")
	f.BoolVarP(&o.Force, "force", "f", false, "unmount clones by force")
	return cmd
}
