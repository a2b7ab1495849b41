package imgadm

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// listEntry is an element of `imgadm list -j`.
type listEntry struct {
	Manifest   *manifest.Manifest `json:"manifest"`
	Zpool      string             `json:"zpool"`
	Source     string             `json:"source,omitempty"`
	Clones     int                `json:"clones"`
	CloneNames []string           `json:"cloneNames"`
}

func entryOf(i *img.Image) listEntry {
	e := listEntry{i.Manifest, i.Pool, i.Source, i.Clones, i.CloneNames}
	if e.CloneNames == nil {
		e.CloneNames = []string{}
	}
	return e
}

func (t *tool) list() *cobra.Command {
	var l listing
	c := &cobra.Command{
		Use: "list [FIELD=VALUE...]", Short: "list the installed images",
		Example: "  imgadm list -o uuid,name,clones clones=0",
	}
	l.flags(c, defaultColumns, defaultOrder)
	return t.verb(c, 0, -1, func(ctx context.Context, args []string) error {
		images, err := t.host().List(ctx)
		if err != nil {
			return err
		}
		entries := map[string]listEntry{}
		items := make([]item, len(images))
		for n, i := range images {
			items[n] = fromImage(i)
			entries[i.Dataset()] = entryOf(i)
		}
		if items, err = l.chosen(items, args); err != nil {
			return err
		}
		if !l.json {
			return l.table(t.env.Stdout, items)
		}
		sorted := make([]listEntry, len(items))
		for n, i := range items {
			sorted[n] = entries[i.pool+"/"+i.m.UUID]
		}
		return printJSON(t.env.Stdout, sorted)
	})
}
