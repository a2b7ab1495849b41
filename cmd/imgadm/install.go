package imgadm

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/pkg/img"
)

func (t *tool) install() *cobra.Command {
	var o img.InstallOptions
	var p pair
	c := &cobra.Command{
		Use: "install -m MANIFEST -f FILE", Short: "install an image from files",
		Example: "  imgadm install -m debian-12.json -f debian-12.tar.zst",
	}
	pool(c, &o.Pool)
	p.flags(c)
	return t.verb(c, 0, 0, func(ctx context.Context, _ []string) error {
		m, err := p.read()
		if err != nil {
			return err
		}
		r := t.reporter(p.quiet)
		defer r.end()
		o.Manifest, o.File, o.Now, o.Report = m, p.file, t.env.Now(), r.tell
		return t.host().Install(ctx, o)
	})
}
