package dladm

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/vnic"
)

func newCreateEtherstub(env *cli.Env) *cobra.Command {
	var o rootOptions
	cmd := &cobra.Command{
		Use:   "create-etherstub [-t] [-R root-dir] <etherstub>",
		Short: "make a switch that is connected to nothing but the vnics over it",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.host(env).CreateEtherstub(cmd.Context(), args[0], o.create()); err != nil {
				return fmt.Errorf("etherstub creation failed: %w", err)
			}
			return nil
		},
	}
	o.addFlags(cmd)
	return verb(cmd, 1, 1)
}

func newDeleteEtherstub(env *cli.Env) *cobra.Command {
	var o rootOptions
	cmd := &cobra.Command{
		Use:   "delete-etherstub [-t] [-R root-dir] <etherstub>",
		Short: "remove an etherstub that no vnic lies over",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.host(env).DeleteEtherstub(cmd.Context(), args[0], o.create()); err != nil {
				return fmt.Errorf("etherstub deletion failed: %w", err)
			}
			return nil
		},
	}
	o.addFlags(cmd)
	return verb(cmd, 1, 1)
}

func newShowEtherstub(env *cli.Env) *cobra.Command {
	o := showOptions{bare: true}
	cmd := &cobra.Command{
		Use:   "show-etherstub [-t] [-p] [-o field,...] [etherstub]",
		Short: "show etherstubs",
		RunE: func(_ *cobra.Command, args []string) error {
			return show(env, o, stubColumns, first(args), func(l vnic.Link) bool { return l.Class == vnic.ClassEtherstub })
		},
	}
	cmd.Flags().BoolP("temporary", "t", false, "temporary etherstubs too, which are always shown")
	o.addFlags(cmd)
	return verb(cmd, 0, 1)
}

var stubColumns = []column{{out.Column{Header: "LINK", Width: 12}, func(l vnic.Link) string { return l.Name }}}
