package imgadm

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/pkg/img"
)

func (t *tool) importCommand() *cobra.Command {
	var o img.ImportOptions
	var quiet, zstream bool
	c := &cobra.Command{
		Use: "import UUID|NAME[@VERSION]|MANIFEST-FILE", Short: "install an image from a source",
		Long: `Install an image, and the images that it builds upon, from a source. A name
must fit exactly one image. A path names a manifest that has its file beside
it under the same name.`,
		Example: "  imgadm import base",
	}
	pool(c, &o.Pool)
	f := c.Flags()
	f.StringArrayVarP(&o.Sources, "source", "S", nil, "ask this `URL` instead of the configured sources")
	f.StringVarP(&o.Channel, "channel", "C", "", "ask for this `channel`, * for all")
	f.BoolVarP(&quiet, "quiet", "q", false, "no progress bar")
	f.BoolVar(&zstream, "zstream", false, "take it that the file is an uncompressed ZFS stream (found out anyhow)")
	return t.verb(c, 1, 1, func(ctx context.Context, args []string) error {
		o.ID = args[0]
		if strings.Contains(o.ID, "/") {
			if err := fromPath(&o); err != nil {
				return err
			}
		}
		r := t.reporter(quiet)
		defer r.end()
		o.Report = r.tell
		return t.host().Import(ctx, o)
	})
}

// fromPath makes the manifest's directory the source.
func fromPath(o *img.ImportOptions) error {
	path, err := filepath.Abs(o.ID)
	if err != nil {
		return err
	}
	m, err := img.ReadManifest(path)
	if err != nil {
		return err
	}
	o.ID = m.UUID
	o.Sources = []string{img.DirURL(filepath.Dir(path))}
	return nil
}
