package imgadm

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// pair is an image as two files of the user's.
type pair struct {
	manifest, file string
	quiet          bool
}

func (p *pair) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&p.manifest, "manifest", "m", "", "the image's manifest, a `file`")
	f.StringVarP(&p.file, "file", "f", "", "the image's `file`")
	f.BoolVarP(&p.quiet, "quiet", "q", false, "no progress bar")
}

// read reads the manifest when both are named.
func (p *pair) read() (*manifest.Manifest, error) {
	switch {
	case p.manifest == "":
		return nil, cli.Usagef("-m MANIFEST is missing")
	case p.file == "":
		return nil, cli.Usagef("-f FILE is missing")
	}
	return img.ReadManifest(p.manifest)
}
