package imgadm

import (
	"context"

	"github.com/spf13/cobra"
)

func (t *tool) ancestry() *cobra.Command {
	var l listing
	var from string
	c := &cobra.Command{Use: "ancestry UUID", Short: "list an installed image and those it builds upon"}
	pool(c, &from)
	c.Flags().BoolVarP(&l.json, "json", "j", false, "JSON")
	c.Flags().BoolVarP(&l.noHeader, "no-header", "H", false, "no header")
	c.Flags().StringVarP(&l.columns, "output", "o", "uuid,name,version,published", "the `fields` to show")
	return t.verb(c, 1, 1, func(ctx context.Context, args []string) error {
		chain, err := t.host().Ancestry(ctx, args[0], from)
		if err != nil {
			return err
		}
		if l.json {
			all := make([]details, len(chain))
			for n, i := range chain {
				all[n] = details{Manifest: i.Manifest, Zpool: i.Pool, Source: i.Source}
			}
			return printJSON(t.env.Stdout, all)
		}
		items := make([]item, len(chain))
		for n, i := range chain {
			items[n] = fromImage(i)
		}
		return l.table(t.env.Stdout, items)
	})
}
