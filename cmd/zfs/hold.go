package zfs

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zfs hold [-r] TAG SNAPSHOT...
func newHold(h *zpool.Host) *cobra.Command {
	var recursive bool
	cmd := &cobra.Command{
		Use:     "hold [-r] tag snapshot...",
		Short:   "keep snapshots from being destroyed",
		Example: "  zfs hold backup zones/data@monday",
		Args:    command.Args(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.Hold(cmd.Context(), args[1:], args[0], recursive)
		},
	}
	cmd.Flags().BoolVarP(&recursive, "recursive", "r", false, "the snapshots of that name below too")
	return cmd
}

// zfs release [-r] TAG SNAPSHOT...
func newRelease(h *zpool.Host) *cobra.Command {
	var recursive bool
	cmd := &cobra.Command{
		Use:     "release [-r] tag snapshot...",
		Short:   "take a hold away",
		Example: "  zfs release backup zones/data@monday",
		Args:    command.Args(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.Release(cmd.Context(), args[1:], args[0], recursive)
		},
	}
	cmd.Flags().BoolVarP(&recursive, "recursive", "r", false, "of the snapshots of that name below too")
	return cmd
}

// holdTime is how zfs(8) prints when a hold was given.
const holdTime = "Mon Jan _2 15:04 2006"

// zfs holds [-rHp] SNAPSHOT...
func newHolds(env *cli.Env, h *zpool.Host) *cobra.Command {
	var recursive, scripted, parsable bool
	cmd := &cobra.Command{
		Use:     "holds [-rHp] snapshot...",
		Short:   "list what keeps snapshots",
		Example: "  zfs holds -r zones/data@monday",
		Args:    command.Args(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			found, listErr := h.Holds(cmd.Context(), args, recursive)
			rows := make([][]string, len(found))
			for i, hold := range found {
				rows[i] = []string{hold.Snapshot, hold.Tag, hold.Given.Format(holdTime)}
				if parsable {
					rows[i][2] = fmt.Sprint(hold.Given.Unix())
				}
			}
			var err error
			if scripted {
				err = out.Fields(env.Stdout, "\t", rows)
			} else if len(rows) > 0 {
				err = out.Table{Columns: upper([]string{"name", "tag", "timestamp"})}.Write(env.Stdout, rows)
			}
			if err != nil {
				return err
			}
			return listErr
		},
	}
	cmd.Flags().BoolVarP(&recursive, "recursive", "r", false, "of the snapshots of that name below too")
	cmd.Flags().BoolVarP(&scripted, "scripted", "H", false, "no header, fields separated by one tab")
	cmd.Flags().BoolVarP(&parsable, "parsable", "p", false, "times as seconds since 1970")
	return cmd
}

// zfs bookmark SNAPSHOT|BOOKMARK NEWBOOKMARK
func newBookmark(h *zpool.Host) *cobra.Command {
	return &cobra.Command{
		Use:     "bookmark snapshot|bookmark newbookmark",
		Short:   "remember a snapshot, to send what changed since when it is gone",
		Example: "  zfs bookmark zones/data@monday zones/data#monday",
		Args:    command.Args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.Bookmark(cmd.Context(), args[0], args[1])
		},
	}
}
