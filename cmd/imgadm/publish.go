package imgadm

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

// imgadm publish -m MANIFEST -f FILE URL
func (t *tool) publish() *cobra.Command {
	var o img.PublishOptions
	var p pair
	c := &cobra.Command{
		Use: "publish -m MANIFEST -f FILE URL", Short: "give an image to an image server",
		Example: "  imgadm publish -m web-1.0.imgmanifest -f web-1.0.zfs.gz https://images.example.com",
	}
	p.flags(c)
	return t.verb(c, 1, 1, func(ctx context.Context, args []string) error {
		m, err := p.read()
		if err != nil {
			return err
		}
		r := t.reporter(p.quiet)
		defer r.end()
		o.Manifest, o.File, o.URL, o.Report = m, p.file, args[0], r.tell
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
