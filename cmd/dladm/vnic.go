package dladm

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/vnic"
)

// vnicOptions are those of create-vnic, as they were typed.
type vnicOptions struct {
	rootOptions
	over, mac, prefix string
	slot, vlan        int
	props             []string
	macvlan           bool
}

func newCreateVNIC(env *cli.Env) *cobra.Command {
	var o vnicOptions
	cmd := &cobra.Command{
		Use: "create-vnic [-t] [-R root-dir] -l <link> [-m <value> | auto | {random [-r <prefix>]}]\n" +
			"\t[-v <vlan-id>] [-p <prop>=<value>[,...]] [--macvlan] <vnic-link>",
		Short: "make a vnic over an etherstub or a physical link",
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := o.parse(cmd)
			if err != nil {
				return err
			}
			if err := o.host(env).CreateVNIC(cmd.Context(), args[0], v, o.create()); err != nil {
				return fmt.Errorf("vnic creation over %s failed: %w", o.over, err)
			}
			return nil
		},
	}
	o.addFlags(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&o.over, "link", "l", "", "the `link` to lie over")
	flags.StringVarP(&o.mac, "mac-address", "m", "auto", "MAC `address`, auto, random or factory")
	flags.StringVarP(&o.prefix, "mac-prefix", "r", "", "`prefix` of a random MAC address")
	flags.IntVarP(&o.slot, "slot", "n", 0, "slot of a factory MAC address")
	flags.IntVarP(&o.vlan, "vlan-id", "v", 0, "VLAN `id`")
	flags.StringArrayVarP(&o.props, "prop", "p", nil, "link `properties`")
	flags.BoolVar(&o.macvlan, "macvlan", false, "share the physical link itself; nothing can be filtered there")
	return verb(cmd, 1, 1)
}

func (o *vnicOptions) parse(cmd *cobra.Command) (vnic.VNIC, error) {
	v := vnic.VNIC{Over: o.over, VLAN: o.vlan, Macvlan: o.macvlan}
	if o.over == "" {
		return v, usagef("the option -l is required: which link shall the vnic lie over?")
	}
	if cmd.Flags().Changed("vlan-id") && (o.vlan < 1 || o.vlan > 4094) {
		return v, usagef("invalid vlan id '%d': must be 1 to 4094", o.vlan)
	}
	if o.prefix != "" && o.mac != "random" {
		return v, usagef("the option -r can be used only with -m random")
	}
	if err := o.parseMAC(&v); err != nil {
		return v, err
	}
	return v, parseProps(&v, o.props)
}

func (o *vnicOptions) parseMAC(v *vnic.VNIC) (err error) {
	switch o.mac {
	case "auto", "random":
		if o.prefix != "" {
			v.MACPrefix, err = vnic.ParseMACPrefix(o.prefix)
		}
	case "factory":
		return fmt.Errorf("there are no factory MAC addresses on Linux; use -m random or an address")
	default:
		v.MAC, err = vnic.ParseMAC(o.mac)
	}
	if err != nil {
		return usagef("invalid MAC address: %w", err)
	}
	return nil
}

// parseProps takes the link properties that are built.
func parseProps(v *vnic.VNIC, words []string) error {
	for _, word := range strings.FieldsFunc(strings.Join(words, ","), func(r rune) bool { return r == ',' }) {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return usagef("invalid link property '%s': must be name=value", word)
		}
		if name != "mtu" {
			return fmt.Errorf("link property '%s' is not yet supported", name)
		}
		mtu, err := strconv.Atoi(value)
		if err != nil || mtu < 1 {
			return usagef("invalid mtu '%s'", value)
		}
		v.MTU = mtu
	}
	return nil
}

func newDeleteVNIC(env *cli.Env) *cobra.Command {
	var o rootOptions
	cmd := &cobra.Command{
		Use:   "delete-vnic [-t] [-R root-dir] <vnic-link>",
		Short: "remove a vnic",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.host(env).DeleteVNIC(cmd.Context(), args[0], o.create()); err != nil {
				return fmt.Errorf("vnic deletion failed: %w", err)
			}
			return nil
		},
	}
	o.addFlags(cmd)
	return verb(cmd, 1, 1)
}

func newShowVNIC(env *cli.Env) *cobra.Command {
	var o showOptions
	var s statOptions
	var over string
	cmd := &cobra.Command{
		Use:   "show-vnic [-P] [-s [-i interval]] [-p] [-o field,...] [-l link] [-z zone] [vnic-link]",
		Short: "show vnics, those of zones too",
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted := func(l vnic.Link) bool {
				return l.Class == vnic.ClassVNIC && (over == "" || l.Over == over)
			}
			if s.on {
				return showStats(cmd.Context(), env, o, s, first(args), wanted)
			}
			return show(env, o, vnicColumns, first(args), wanted)
		},
	}
	o.addFlags(cmd)
	s.addFlags(cmd)
	cmd.Flags().StringVarP(&over, "link", "l", "", "only vnics over this `link`")
	return verb(cmd, 0, 1)
}

var vnicColumns = []column{
	{out.Column{Header: "LINK", Width: 13}, func(l vnic.Link) string { return l.Name }},
	{out.Column{Header: "OVER", Width: 11}, func(l vnic.Link) string { return l.Over }},
	{out.Column{Header: "SPEED", Width: 6}, func(l vnic.Link) string { return number(l.Speed) }},
	{out.Column{Header: "MACADDRESS", Width: 18}, func(l vnic.Link) string { return vnic.FormatMAC(l.MAC) }},
	{out.Column{Header: "MACADDRTYPE", Width: 12}, func(l vnic.Link) string { return l.MACType }},
	{out.Column{Header: "VID", Width: 5}, func(l vnic.Link) string { return number(l.VLAN) }},
	{out.Column{Header: "ZONE"}, func(l vnic.Link) string { return l.Zone }},
}
