package imgadm

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/img"
)

func (t *tool) install() *cobra.Command {
	var o img.InstallOptions
	var manifest string
	var quiet bool
	c := &cobra.Command{
		Use: "install -m MANIFEST -f FILE", Short: "install an image from files",
		Example: "  imgadm install -m debian-12.json -f debian-12.tar.zst",
	}
	pool(c, &o.Pool)
	f := c.Flags()
	f.StringVarP(&manifest, "manifest", "m", "", "the image's manifest, a `file`")
	f.StringVarP(&o.File, "file", "f", "", "the image's `file`")
	f.BoolVarP(&quiet, "quiet", "q", false, "no progress bar")
	return t.verb(c, 0, 0, func(ctx context.Context, _ []string) error {
		switch {
		case manifest == "":
			return cli.Usagef("-m MANIFEST is missing")
		case o.File == "":
			return cli.Usagef("-f FILE is missing")
		}
		m, err := img.ReadManifest(manifest)
		if err != nil {
			return err
		}
		r := t.reporter(quiet)
		defer r.end()
		o.Manifest, o.Now, o.Report = m, t.env.Now(), r.tell
		return t.host().Install(ctx, o)
	})
}
