package zpool

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

type createOptions struct {
	zpool.PoolOptions
	poolProps, props []string
}

// zpool create [-f] [-m MOUNTPOINT] [-o PROP=VALUE]... [-O PROP=VALUE]... POOL DEVICE...
func newCreate(h *zpool.Host) *cobra.Command {
	var o createOptions
	cmd := &cobra.Command{
		Use:     "create [-f] [-m mountpoint] [-o property=value]... [-O file-system-property=value]... pool vdev...",
		Short:   "make a pool on a file or block device",
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
			o.Devices = args[1:]
			return h.CreatePool(cmd.Context(), args[0], o.PoolOptions)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.Force, "force", "f", false, "use a device that seems to hold something")
	f.StringVarP(&o.Mountpoint, "mountpoint", "m", "", "where the pool's own filesystem is mounted")
	f.StringArrayVarP(&o.poolProps, "pool-property", "o", nil, "set a property of the pool")
	f.StringArrayVarP(&o.props, "property", "O", nil, "set a property of the pool's own filesystem")
	return cmd
}
