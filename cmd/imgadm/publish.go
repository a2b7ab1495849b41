package imgadm

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

// imgadm publish -m MANIFEST -f FILE URL
func (t *tool) publish() *cobra.Command {
	var o img.PublishOptions
	var manifest string
	var quiet bool
	c := &cobra.Command{
		Use: "publish -m MANIFEST -f FILE URL", Short: "give an image to an image server",
		Example: "  imgadm publish -m web-1.0.imgmanifest -f web-1.0.zfs.gz https://images.example.com",
	}
	f := c.Flags()
	f.StringVarP(&manifest, "manifest", "m", "", "the image's manifest, a `file`")
	f.StringVarP(&o.File, "file", "f", "", "the image's `file`")
	f.BoolVarP(&quiet, "quiet", "q", false, "no progress bar")
	return t.verb(c, 1, 1, func(ctx context.Context, args []string) error {
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
		o.Manifest, o.URL, o.Report = m, args[0], r.tell
		return t.host().Publish(ctx, o)
	})
}

// createThere makes the files of an image for as long as its server reads them.
func (t *tool) createThere(ctx context.Context, h *vm.Host, uuid string, o createOptions) error {
	dir, err := os.MkdirTemp(t.env.Root.Join("/var/tmp"), ".imgadm-create-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o.Output = dir
	made, err := h.CreateImage(ctx, uuid, o.CreateOptions)
	if err != nil {
		return err
	}
	return t.host().Publish(ctx, img.PublishOptions{Manifest: made.Manifest, File: made.FilePath, URL: o.publish, Report: o.Report})
}
