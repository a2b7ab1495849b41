package dladm

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/vnic"
)

func newShowPhys(env *cli.Env) *cobra.Command {
	var o showOptions
	var macs, rings bool
	cmd := &cobra.Command{
		Use:   "show-phys [-P] [-m] [-p] [-o field,...] [phys-link]",
		Short: "show physical links",
		RunE: func(_ *cobra.Command, args []string) error {
			columns := physColumns
			switch {
			case rings:
				return unbuiltError("show-phys -H")
			case macs && o.persistent:
				return usagef("the option -P cannot be used with -m")
			case macs:
				columns = macColumns
			case o.persistent:
				columns = persistentColumns
			}
			return show(env, o, columns, first(args), func(l vnic.Link) bool { return l.Class == vnic.ClassPhys })
		},
	}
	o.addFlags(cmd)
	cmd.Flags().BoolVarP(&macs, "mac-address", "m", false, "show MAC addresses")
	cmd.Flags().BoolVarP(&rings, "rings", "H", false, "show hardware rings")
	return verb(cmd, 0, 1)
}

func linkName(l vnic.Link) string { return l.Name }
func media(l vnic.Link) string    { return l.Media }
func device(l vnic.Link) string   { return l.Device }

var physColumns = []column{
	{out.Column{Header: "LINK", Width: 13}, linkName},
	{out.Column{Header: "MEDIA", Width: 21}, media},
	{out.Column{Header: "STATE", Width: 11}, func(l vnic.Link) string { return l.State }},
	{out.Column{Header: "SPEED", Width: 7}, func(l vnic.Link) string { return number(l.Speed) }},
	{out.Column{Header: "DUPLEX", Width: 10}, func(l vnic.Link) string { return l.Duplex }},
	{out.Column{Header: "DEVICE"}, device},
}

// persistentColumns have FLAGS, which marks removed hardware; Linux forgets
// that, so there is none.
var persistentColumns = []column{
	{out.Column{Header: "LINK", Width: 13}, linkName},
	{out.Column{Header: "DEVICE", Width: 13}, device},
	{out.Column{Header: "MEDIA", Width: 21}, media},
	{out.Column{Header: "FLAGS"}, func(vnic.Link) string { return "-----" }},
}

var macColumns = []column{
	{out.Column{Header: "LINK", Width: 13}, linkName},
	{out.Column{Header: "SLOT", Width: 9}, func(vnic.Link) string { return "primary" }},
	{out.Column{Header: "ADDRESS", Width: 19}, func(l vnic.Link) string { return vnic.FormatMAC(l.MAC) }},
	{out.Column{Header: "INUSE", Width: 5}, func(l vnic.Link) string { return yesNo(l.State == vnic.StateUp) }},
	{out.Column{Header: "CLIENT"}, func(l vnic.Link) string {
		if l.State != vnic.StateUp {
			return ""
		}
		return l.Name
	}},
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
