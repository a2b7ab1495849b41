package zpool

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

type createOptions struct {
	zpool.PoolOptions
	dryRun           bool
	poolProps, props []string
}

// zpool create [-f] [-m MOUNTPOINT] [-o PROP=VALUE]... [-O PROP=VALUE]... POOL DEVICE...
func newCreate(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o createOptions
	cmd := &cobra.Command{
		Use:     "create [-dfn] [-m mountpoint] [-R root] [-o property=value]... [-O file-system-property=value]... pool [mirror] device... [mirror device...]",
		Short:   "make a pool on files or block devices",
		Example: "  truncate -s 10G /var/zones.img && zpool create zones /var/zones.img",
		Args:    command.Args(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.PoolProps, err = properties(o.poolProps); err != nil {
				return err
			}
			if o.Props, err = properties(o.props); err != nil {
				return err
			}
			if o.Layout, o.Devices, err = dataset.ParseVdevs(args[1:]); err != nil {
				return err
			}
			if o.dryRun {
				return tellVdevs(env, "would create '"+args[0]+"' with the following layout:", args[0], o.PoolOptions)
			}
			return h.CreatePool(cmd.Context(), args[0], o.PoolOptions)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.Force, "force", "f", false, "use a device that seems to hold something")
	f.StringVarP(&o.Mountpoint, "mountpoint", "m", "", "where the pool's own filesystem is mounted")
	f.StringVarP(&o.AltRoot, "altroot", "R", "", "directory below which all mountpoints lie until the pool is exported")
	f.BoolVarP(&o.dryRun, "dry-run", "n", false, "print the layout, make nothing")
	f.BoolP("no-features", "d", false, "accepted: an embedded pool has no features to leave out")
	f.StringArrayVarP(&o.poolProps, "pool-property", "o", nil, "set a property of the pool")
	f.StringArrayVarP(&o.props, "property", "O", nil, "set a property of the pool's own filesystem")
	return cmd
}
