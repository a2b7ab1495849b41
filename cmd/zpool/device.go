package zpool

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// zpool add [-fn] POOL VDEV...
func newAdd(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o zpool.PoolOptions
	var dryRun bool
	cmd := &cobra.Command{
		Use:     "add [-fn] pool vdev...",
		Short:   "make a pool larger by devices",
		Example: "  zpool add zones /dev/sdc",
		Args:    command.Args(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.Layout, o.Devices, err = dataset.ParseVdevs(args[1:]); err != nil {
				return err
			}
			if dryRun {
				return tellVdevs(env, "would update '"+args[0]+"' to the following configuration, beside what it has:", args[0], o)
			}
			return h.AddDevices(cmd.Context(), args[0], o)
		},
	}
	cmd.Flags().BoolVarP(&o.Force, "force", "f", false, "use a device that seems to hold something")
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "print what would be added, add nothing")
	return cmd
}

// tellVdevs prints the layout that a create or add would make.
func tellVdevs(env *cli.Env, head, pool string, o zpool.PoolOptions) error {
	devices := make([]zpool.Device, len(o.Devices))
	for i, path := range o.Devices {
		devices[i].Path = path
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n\t%s\n", head, pool)
	for i, group := range o.Layout.Groups(devices) {
		indent := "\t  "
		if len(group) > 1 {
			fmt.Fprintf(&b, "\t  mirror-%d\n", i)
			indent += "  "
		}
		for _, d := range group {
			fmt.Fprintf(&b, "%s%s\n", indent, d.Path)
		}
	}
	_, err := fmt.Fprint(env.Stdout, b.String())
	return err
}

// zpool attach [-fw] POOL DEVICE NEW_DEVICE
func newAttach(h *zpool.Host) *cobra.Command {
	return newPair(h.AttachDevice, "attach", "make a device a mirror, or a mirror one larger", "  zpool attach zones /dev/sdb /dev/sdc", false)
}

// zpool replace [-fw] POOL DEVICE [NEW_DEVICE]
func newReplace(h *zpool.Host) *cobra.Command {
	return newPair(h.ReplaceDevice, "replace", "put another device in the place of one", "  zpool replace zones /dev/sdb /dev/sdd", true)
}

func newPair(do func(ctx context.Context, pool, device, with string, force bool) error, verb, short, example string, same bool) *cobra.Command {
	var force, wait bool
	least, operands := 3, "pool device new-device"
	if same {
		least, operands = 2, "pool device [new-device]"
	}
	cmd := &cobra.Command{
		Use:     verb + " [-fw] " + operands,
		Short:   short,
		Example: example,
		Args:    command.Args(least, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			with := args[len(args)-1] // a new device under the old name, when it is alone
			return do(cmd.Context(), args[0], args[1], with, force)
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "use a device that seems to hold something")
	cmd.Flags().BoolVarP(&wait, "wait", "w", false, "return when all is copied, which is always so on an embedded pool")
	return cmd
}

// zpool detach POOL DEVICE
func newDetach(h *zpool.Host) *cobra.Command {
	return &cobra.Command{
		Use:     "detach pool device",
		Short:   "take a device out of a mirror",
		Example: "  zpool detach zones /dev/sdc",
		Args:    command.Args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.DetachDevice(cmd.Context(), args[0], args[1])
		},
	}
}

// zpool remove [-w] POOL DEVICE...
func newRemove(h *zpool.Host) *cobra.Command {
	var wait bool
	cmd := &cobra.Command{
		Use:     "remove [-w] pool device...",
		Short:   "move what devices hold to the others, and drop them",
		Example: "  zpool remove zones /dev/sdc",
		Args:    command.Args(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return each(args[1:], func(device string) error { return h.RemoveDevice(cmd.Context(), args[0], device) })
		},
	}
	cmd.Flags().BoolVarP(&wait, "wait", "w", false, "return when all has been moved, which is always so on an embedded pool")
	return cmd
}

// zpool online [-e] POOL DEVICE...
func newOnline(h *zpool.Host) *cobra.Command {
	var expand bool
	cmd := &cobra.Command{
		Use:     "online [-e] pool device...",
		Short:   "take devices in use",
		Example: "  truncate -s 20G /var/zones.img && zpool online -e zones /var/zones.img",
		Args:    command.Args(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return each(args[1:], func(device string) error { return h.OnlineDevice(cmd.Context(), args[0], device, expand) })
		},
	}
	cmd.Flags().BoolVarP(&expand, "expand", "e", false, "all of a device that has grown")
	return cmd
}

// zpool offline POOL DEVICE...
func newOffline(h *zpool.Host) *cobra.Command {
	var temporary bool
	cmd := &cobra.Command{
		Use:     "offline [-t] pool device...",
		Short:   "stop using devices of mirrors",
		Example: "  zpool offline zones /dev/sdc",
		Args:    command.Args(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return each(args[1:], func(device string) error { return h.OfflineDevice(cmd.Context(), args[0], device) })
		},
	}
	cmd.Flags().BoolVarP(&temporary, "temporary", "t", false, "until the next import")
	return cmd
}

// zpool labelclear [-f] DEVICE
func newLabelclear(h *zpool.Host) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:     "labelclear [-f] device",
		Short:   "make a device that no pool uses look empty",
		Example: "  zpool labelclear -f /dev/sdc",
		Args:    command.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.ClearLabel(cmd.Context(), args[0], force)
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "also of an exported pool")
	return cmd
}

// each runs do for all of names, whatever becomes of the others.
func each(names []string, do func(string) error) error {
	var errs []error
	for _, name := range names {
		errs = append(errs, do(name))
	}
	return errors.Join(errs...)
}
