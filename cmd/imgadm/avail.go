package imgadm

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

const defaultColumns, defaultOrder = "uuid,name,version,os,type,pub", "published_at,name"

// availEntry is an element of `imgadm avail -j`.
type availEntry struct {
	Manifest *manifest.Manifest `json:"manifest"`
	Source   string             `json:"source"`
}

func (t *tool) avail() *cobra.Command {
	var l listing
	var o img.AvailOptions
	c := &cobra.Command{
		Use: "avail [FIELD=VALUE...]", Aliases: []string{"available"},
		Short:   "list the images that the sources offer",
		Example: "  imgadm avail os=linux name=~debian",
	}
	l.flags(c, defaultColumns, defaultOrder)
	sourceFlags(c, &o)
	return t.verb(c, 0, -1, func(ctx context.Context, args []string) error {
		all, failed := t.host().Avail(ctx, o)
		items := make([]item, len(all))
		for i, a := range all {
			items[i] = item{m: a.Manifest, source: a.Source.URL}
		}
		items, err := l.chosen(items, args)
		if err != nil {
			return err
		}
		return errors.Join(t.printAvail(&l, items), failed)
	})
}

func sourceFlags(c *cobra.Command, o *img.AvailOptions) {
	c.Flags().StringArrayVarP(&o.Sources, "source", "S", nil, "ask this `URL` instead of the configured sources")
	c.Flags().StringVarP(&o.Channel, "channel", "C", "", "ask for this `channel`, * for all")
}

func (t *tool) printAvail(l *listing, items []item) error {
	if !l.json {
		return l.table(t.env.Stdout, items)
	}
	entries := make([]availEntry, len(items))
	for i, it := range items {
		entries[i] = availEntry{it.m, it.source}
	}
	return printJSON(t.env.Stdout, entries)
}
