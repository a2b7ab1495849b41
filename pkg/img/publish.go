package img

import (
	"context"
	"errors"

	"github.com/smartbox-os/smartbox/pkg/img/imgapi"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// PublishOptions are for an image that a server is to have.
type PublishOptions struct {
	Manifest *manifest.Manifest
	File     string // path of the image file
	URL      string // of the server
	Report   func(Event)
}

// Publish gives an image to a server and activates it there. What a failure
// would leave on the server is removed again.
func (h *Host) Publish(ctx context.Context, o PublishOptions) error {
	file, err := checkManifest(o.Manifest)
	if err != nil {
		return err
	}
	src, err := openSized(o.File, file.Size)
	if err != nil {
		return err
	}
	defer src.Close()
	c, err := imgapi.New(imgapi.Options{URL: o.URL, UserAgent: h.userAgent()})
	if err != nil {
		return fail(CodeUsage, "%w", err)
	}
	defer c.Close()
	tell := func(kind EventKind, m *manifest.Manifest) {
		if o.Report != nil {
			o.Report(Event{Kind: kind, Image: m, Source: o.URL})
		}
	}
	m, err := c.Import(ctx, o.Manifest)
	if err != nil {
		return fail(CodeSource, "%w", err)
	}
	tell(PublishedManifest, m)
	if m, err = c.AddFile(ctx, o.Manifest.UUID, file, src); err == nil {
		tell(PublishedFile, m)
		m, err = c.Activate(ctx, o.Manifest.UUID)
	}
	if err != nil {
		undone := c.Delete(context.WithoutCancel(ctx), o.Manifest.UUID)
		return fail(CodeUpload, "%w", errors.Join(err, undone))
	}
	tell(Activated, m)
	return nil
}
