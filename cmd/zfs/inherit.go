package zfs

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zfs inherit [-rS] PROPERTY DATASET...
func newInherit(h *zpool.Host) *cobra.Command {
	var o zpool.InheritOptions
	cmd := &cobra.Command{
		Use:     "inherit [-rS] property dataset...",
		Short:   "clear a property, so that the parent's counts",
		Example: "  zfs inherit -r compression zones/data",
		Args:    command.Args(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var errs []error
			for _, name := range args[1:] {
				errs = append(errs, h.Inherit(cmd.Context(), name, args[0], o))
			}
			return errors.Join(errs...)
		},
	}
	cmd.Flags().BoolVarP(&o.Recursive, "recursive", "r", false, "of all datasets below too")
	cmd.Flags().BoolVarP(&o.Received, "received", "S", false, "go back to the received value, where there is one")
	return cmd
}
