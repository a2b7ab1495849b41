package zfs

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

type createOptions struct {
	parents, sparse    bool
	props              []string
	volsize, blocksize string
}

// zfs create [-p] [-o property=value]... FILESYSTEM
// zfs create [-ps] [-b BLOCKSIZE] [-o property=value]... -V SIZE VOLUME
func newCreate(h *zpool.Host) *cobra.Command {
	var o createOptions
	cmd := &cobra.Command{
		Use:     "create [-p] [-o property=value]... [-s] [-b blocksize] [-V size] dataset",
		Short:   "make a filesystem or volume",
		Example: "  zfs create -o quota=10G zones/data",
		Args:    command.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := o.library()
			if err != nil {
				return err
			}
			return h.Create(cmd.Context(), args[0], options)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.parents, "parents", "p", false, "make missing parents; an existing dataset is fine")
	f.StringArrayVarP(&o.props, "property", "o", nil, "set a property")
	f.BoolVarP(&o.sparse, "sparse", "s", false, "make a volume without reservation")
	f.StringVarP(&o.blocksize, "blocksize", "b", "", "volblocksize of a volume")
	f.StringVarP(&o.volsize, "volume", "V", "", "make a volume of this size")
	return cmd
}

func (o *createOptions) library() (zpool.CreateOptions, error) {
	props, err := properties(o.props)
	if err != nil {
		return zpool.CreateOptions{}, err
	}
	if o.blocksize != "" {
		props["volblocksize"] = o.blocksize
	}
	options := zpool.CreateOptions{Parents: o.parents, Sparse: o.sparse, Props: props}
	if o.volsize != "" {
		if options.Volsize, err = dataset.ParseSize(o.volsize); err != nil || options.Volsize <= 0 {
			return options, cli.Usagef("bad volume size '%s'", o.volsize)
		}
	}
	return options, nil
}
