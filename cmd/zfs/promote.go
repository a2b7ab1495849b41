package zfs

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zfs promote CLONE
func newPromote(h *zpool.Host) *cobra.Command {
	return &cobra.Command{
		Use:     "promote clone-filesystem",
		Short:   "make a clone independent of its origin",
		Example: "  zfs promote zones/clone",
		Args:    command.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.Promote(cmd.Context(), args[0])
		},
	}
}
