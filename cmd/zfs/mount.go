package zfs

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zfs mount
// zfs mount -a | FILESYSTEM
func newMount(env *cli.Env, h *zpool.Host) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:     "mount [-a | filesystem]",
		Short:   "mount filesystems, or list those that are",
		Example: "  zfs mount zones/data",
		Args:    command.Args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case all && len(args) > 0:
				return cli.Usagef("too many arguments")
			case all:
				return h.MountAll(cmd.Context())
			case len(args) == 0:
				return listMounts(cmd, env, h)
			}
			d, err := h.Get(cmd.Context(), args[0], "mounted")
			switch {
			case err != nil:
				return err
			case d.Type != zpool.Filesystem:
				return fmt.Errorf("cannot open '%s': operation not applicable to datasets of this type", args[0])
			case d.Get("mounted") == "yes":
				return fmt.Errorf("cannot mount '%s': filesystem already mounted", args[0])
			}
			return h.Mount(cmd.Context(), args[0])
		},
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "every filesystem that is mounted by itself")
	cmd.Flags().BoolP("overlay", "O", false, "accepted: what is in the directory is covered")
	return cmd
}

func listMounts(cmd *cobra.Command, env *cli.Env, h *zpool.Host) error {
	found, err := h.List(cmd.Context(), zpool.ListOptions{Types: []zpool.Type{zpool.Filesystem}, Props: []string{"mounted", "mountpoint"}})
	var b strings.Builder
	for _, d := range found {
		if d.Get("mounted") == "yes" {
			fmt.Fprintf(&b, "%-30s  %s\n", d.Name, d.Get("mountpoint"))
		}
	}
	_, printErr := fmt.Fprint(env.Stdout, b.String())
	return errors.Join(err, printErr)
}

// zfs unmount|umount [-f] -a | FILESYSTEM|MOUNTPOINT
func newUnmount(h *zpool.Host) *cobra.Command {
	var all, force bool
	cmd := &cobra.Command{
		Use:     "unmount [-f] -a | filesystem | mountpoint",
		Aliases: []string{"umount"},
		Short:   "unmount filesystems",
		Example: "  zfs unmount zones/data",
		Args:    command.Args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case all == (len(args) > 0):
				return cli.Usagef("missing filesystem argument")
			case all:
				return h.UnmountAll(cmd.Context(), force)
			}
			name, err := h.NameAt(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			d, err := h.Get(cmd.Context(), name, "mounted", "mountpoint")
			switch {
			case err != nil:
				return err
			case d.Get("mountpoint") == "legacy":
				return fmt.Errorf("cannot unmount '%s': legacy mountpoint\nuse umount(8) to unmount this filesystem", args[0])
			case d.Get("mounted") != "yes":
				return fmt.Errorf("cannot unmount '%s': not currently mounted", args[0])
			}
			return h.Unmount(cmd.Context(), name, force)
		},
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "every filesystem")
	cmd.Flags().BoolVarP(&force, "force", "f", false, "even when it is busy")
	return cmd
}
