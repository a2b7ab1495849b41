package zfs

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zfs snapshot|snap [-r] [-o property=value]... SNAPSHOT...
func newSnapshot(h *zpool.Host) *cobra.Command {
	var recursive bool
	var pairs []string
	cmd := &cobra.Command{
		Use:     "snapshot [-r] [-o property=value]... dataset@snapname...",
		Aliases: []string{"snap"},
		Short:   "take snapshots",
		Example: "  zfs snapshot -r zones/data@monday",
		Args:    command.Args(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			props, err := properties(pairs)
			if err != nil {
				return err
			}
			err = h.Snapshot(cmd.Context(), args, zpool.SnapshotOptions{Recursive: recursive, Props: props})
			if errors.Is(err, zpool.ErrNotFound) {
				return cli.Usagef("%w", err) // as zfs(8) does
			}
			return err
		},
	}
	cmd.Flags().BoolVarP(&recursive, "recursive", "r", false, "of all datasets below too")
	cmd.Flags().StringArrayVarP(&pairs, "property", "o", nil, "set a user property")
	return cmd
}
