package zfs

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zfs clone [-p] [-o property=value]... SNAPSHOT DATASET
func newClone(h *zpool.Host) *cobra.Command {
	var parents bool
	var pairs []string
	cmd := &cobra.Command{
		Use:     "clone [-p] [-o property=value]... snapshot dataset",
		Short:   "make a dataset from a snapshot",
		Example: "  zfs clone zones/image@final zones/machine",
		Args:    command.Args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			props, err := properties(pairs)
			if err != nil {
				return err
			}
			return h.Clone(cmd.Context(), args[0], args[1], zpool.CreateOptions{Parents: parents, Props: props})
		},
	}
	cmd.Flags().BoolVarP(&parents, "parents", "p", false, "make missing parents; an existing dataset is fine")
	cmd.Flags().StringArrayVarP(&pairs, "property", "o", nil, "set a property")
	return cmd
}
