package zpool

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zpool destroy [-f] POOL
func newDestroy(h *zpool.Host) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:     "destroy [-f] pool",
		Short:   "destroy a pool with all it holds",
		Example: "  zpool destroy zones",
		Args:    command.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.DestroyPool(cmd.Context(), args[0], force)
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "unmount even what is busy")
	return cmd
}
