package zpool

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zpool export [-f] POOL...
func newExport(h *zpool.Host) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:     "export [-f] pool...",
		Short:   "take pools out of use, so that their devices can move",
		Example: "  zpool export zones",
		Args:    command.Args(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var errs []error
			for _, name := range args {
				errs = append(errs, h.ExportPool(cmd.Context(), name, force))
			}
			return errors.Join(errs...)
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "unmount even what is busy")
	return cmd
}
