package dladm

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/vnic"
)

func newShowLink(env *cli.Env) *cobra.Command {
	var o showOptions
	var s statOptions
	cmd := &cobra.Command{
		Use:   "show-link [-P] [-s [-i interval]] [-p] [-o field,...] [-z zone] [link]",
		Short: "show links",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case s.interval != 0 && !s.on:
				return usagef("the option -i can be used only with -s")
			case s.on && o.persistent:
				return usagef("the option -P cannot be used with -s")
			case s.on:
				return showStats(cmd.Context(), env, o, s, first(args), anyLink)
			}
			return showLink(env, o, first(args))
		},
	}
	o.addFlags(cmd)
	s.addFlags(cmd)
	return verb(cmd, 0, 1)
}

func anyLink(vnic.Link) bool { return true }

func showLink(env *cli.Env, o showOptions, name string) error {
	return show(env, o, linkColumns, name, anyLink)
}

var linkColumns = []column{
	{out.Column{Header: "LINK", Width: 12}, func(l vnic.Link) string { return l.Name }},
	{out.Column{Header: "CLASS", Width: 10}, func(l vnic.Link) string { return string(l.Class) }},
	{out.Column{Header: "MTU", Width: 7}, func(l vnic.Link) string { return number(l.MTU) }},
	{out.Column{Header: "STATE", Width: 9}, func(l vnic.Link) string { return l.State }},
	{out.Column{Header: "BRIDGE", Width: 11}, func(vnic.Link) string { return "" }}, // bridges are not built yet
	{out.Column{Header: "OVER"}, func(l vnic.Link) string { return l.Over }},
}

// statOptions ask for statistics instead.
type statOptions struct {
	on       bool
	interval int
}

func (s *statOptions) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&s.on, "statistics", "s", false, "show statistics")
	cmd.Flags().IntVarP(&s.interval, "interval", "i", 0, "again every so many `seconds`, what was added")
}

var statColumns = []column{
	{out.Column{Header: "LINK", Width: 12}, func(l vnic.Link) string { return l.Name }},
	{out.Column{Header: "IPACKETS", Width: 10}, func(l vnic.Link) string { return count(l.Stats.InPackets) }},
	{out.Column{Header: "RBYTES", Width: 12}, func(l vnic.Link) string { return count(l.Stats.InBytes) }},
	{out.Column{Header: "IERRORS", Width: 10}, func(l vnic.Link) string { return count(l.Stats.InErrors) }},
	{out.Column{Header: "OPACKETS", Width: 12}, func(l vnic.Link) string { return count(l.Stats.OutPackets) }},
	{out.Column{Header: "OBYTES", Width: 12}, func(l vnic.Link) string { return count(l.Stats.OutBytes) }},
	{out.Column{Header: "OERRORS", Width: 8}, func(l vnic.Link) string { return count(l.Stats.OutErrors) }},
}

func count(n uint64) string { return strconv.FormatUint(n, 10) }

// showStats shows totals, and with an interval what was added since, until
// interrupted.
func showStats(ctx context.Context, env *cli.Env, o showOptions, s statOptions, name string, wanted func(vnic.Link) bool) error {
	if s.interval < 0 {
		return usagef("invalid interval value '%d'", s.interval)
	}
	columns := statColumns
	for {
		if err := show(env, o, columns, name, wanted); err != nil || s.interval == 0 {
			return err
		}
		before, err := vnic.New(env.Root, env.Log).Links()
		if err != nil {
			return err
		}
		columns = since(before)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Duration(s.interval) * time.Second):
		}
	}
}

// since are the columns of statistics that show what was added to earlier ones.
func since(before []vnic.Link) []column {
	type key struct{ zone, name string }
	old := map[key]vnic.Stats{}
	for _, l := range before {
		old[key{l.Zone, l.Name}] = l.Stats
	}
	columns := make([]column, len(statColumns))
	for i, c := range statColumns {
		columns[i] = column{c.Column, func(l vnic.Link) string {
			l.Stats = l.Stats.Since(old[key{l.Zone, l.Name}])
			return c.cell(l)
		}}
	}
	return columns
}
