package imgadm

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// details is what `imgadm get` prints.
type details struct {
	Manifest *manifest.Manifest `json:"manifest"`
	Zpool    string             `json:"zpool"`
	Source   string             `json:"source,omitempty"`
	Children *img.Children      `json:"children,omitempty"`
}

func (t *tool) get() *cobra.Command {
	var from string
	var recursive bool
	c := &cobra.Command{Use: "get UUID", Aliases: []string{"info"}, Short: "show an installed image"}
	pool(c, &from)
	c.Flags().BoolVarP(&recursive, "recursive", "r", false, "also what depends on it")
	return t.verb(c, 1, 1, func(ctx context.Context, args []string) error {
		host := t.host()
		i, err := host.Installed(ctx, args[0], from)
		if err != nil {
			return err
		}
		d := details{Manifest: i.Manifest, Zpool: i.Pool, Source: i.Source}
		if recursive {
			children, err := host.Children(ctx, i)
			if err != nil {
				return err
			}
			d.Children = &children
		}
		return printJSON(t.env.Stdout, d)
	})
}
