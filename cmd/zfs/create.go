package zfs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

type createOptions struct {
	parents, sparse, dryRun, verbose, parsable, noMount bool
	props                                               []string
	volsize, blocksize                                  string
}

// zfs create [-Pnpuv] [-o property=value]... FILESYSTEM
// zfs create [-Pnpsv] [-b BLOCKSIZE] [-o property=value]... -V SIZE VOLUME
func newCreate(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o createOptions
	cmd := &cobra.Command{
		Use:     "create [-Pnpuv] [-o property=value]... [-s] [-b blocksize] [-V size] dataset",
		Short:   "make a filesystem or volume",
		Example: "  zfs create -o quota=10G zones/data",
		Args:    command.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, env, h, args[0])
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.parents, "parents", "p", false, "make missing parents; an existing dataset is fine")
	f.StringArrayVarP(&o.props, "property", "o", nil, "set a property")
	f.BoolVarP(&o.sparse, "sparse", "s", false, "make a volume without reservation")
	f.StringVarP(&o.blocksize, "blocksize", "b", "", "volblocksize of a volume")
	f.StringVarP(&o.volsize, "volume", "V", "", "make a volume of this size")
	f.BoolVarP(&o.noMount, "no-mount", "u", false, "do not mount the filesystem")
	f.BoolVarP(&o.dryRun, "dry-run", "n", false, "check the call and make nothing")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print what is made")
	f.BoolVarP(&o.parsable, "parsable", "P", false, "print what is made, for scripts")
	return cmd
}

func (o *createOptions) run(cmd *cobra.Command, env *cli.Env, h *zpool.Host, name string) error {
	options, err := o.library()
	if err != nil {
		return err
	}
	if o.verbose || o.parsable || o.dryRun {
		made, err := h.Plan(cmd.Context(), name, options)
		if err == nil && (o.verbose || o.parsable) {
			err = o.tell(env, made)
		}
		if err != nil || o.dryRun {
			return err
		}
	}
	return h.Create(cmd.Context(), name, options)
}

// tell prints datasets that are made, and the properties they get.
func (o *createOptions) tell(env *cli.Env, made []zpool.Dataset) error {
	var b strings.Builder
	for _, d := range made {
		verb := "create "
		if o.dryRun {
			verb = "would create "
		}
		line, property := verb+d.Name+"\n", "\t%s=%s\n"
		if o.parsable {
			line, property = "create\t"+d.Name+"\n", "property\t%s\t%s\n"
		}
		b.WriteString(line)
		for _, name := range slices.Sorted(maps.Keys(d.Props)) {
			fmt.Fprintf(&b, property, name, d.Props[name].Value)
		}
	}
	_, err := fmt.Fprint(env.Stdout, b.String())
	return err
}

func (o *createOptions) library() (zpool.CreateOptions, error) {
	props, err := properties(o.props)
	if err != nil {
		return zpool.CreateOptions{}, err
	}
	if o.blocksize != "" {
		props["volblocksize"] = o.blocksize
	}
	options := zpool.CreateOptions{Parents: o.parents, Sparse: o.sparse, NoMount: o.noMount, Props: props}
	switch {
	case o.volsize == "" && (o.sparse || o.blocksize != ""):
		return options, cli.Usagef("'-s' and '-b' can only be used when creating a volume")
	case o.volsize != "":
		if options.Volsize, err = dataset.ParseSize(o.volsize); err != nil {
			return options, fmt.Errorf("bad volume size '%s': %w", o.volsize, err)
		}
		if options.Volsize <= 0 {
			return options, fmt.Errorf("bad volume size '%s': volume size cannot be zero", o.volsize)
		}
	}
	return options, nil
}
