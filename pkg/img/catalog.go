package img

import (
	"context"
	"errors"
	"io"
	"runtime"

	"github.com/smartbox-os/smartbox/pkg/img/builtin"
	"github.com/smartbox-os/smartbox/pkg/img/imgapi"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// errNoImage says that a source does not have the image.
var errNoImage = errors.New("no such image")

// catalog is what every kind of source offers.
type catalog interface {
	Ping(ctx context.Context) error
	Images(ctx context.Context) ([]*manifest.Manifest, error)
	Image(ctx context.Context, uuid string) (*manifest.Manifest, error) // errNoImage
	// Open reads an image's file where it lies; errRemote when it has to be
	// downloaded first.
	Open(uuid string) (io.ReadCloser, error)
}

var errRemote = errors.New("the file is on a server")

// open connects to a source; it may contact nobody before it is asked.
func (h *Host) open(s Source) (catalog, error) {
	switch s.Type {
	case TypeBuiltin:
		return builtinCatalog{}, nil
	case TypeDir:
		dir, err := s.dir()
		return dirCatalog{dir}, err
	}
	c, err := imgapi.New(imgapi.Options{URL: s.URL, Channel: s.Channel, Insecure: s.Insecure, UserAgent: h.userAgent()})
	return server{c}, err
}

// userAgent names smartbox, and what the operator's configuration adds.
func (h *Host) userAgent() string {
	agent := "imgadm/smartbox (" + runtime.GOOS + "; " + runtime.GOARCH + ")"
	if c, err := h.readConfig(); err == nil && c.AgentExtra != "" {
		agent += " " + c.AgentExtra
	}
	return agent
}

// server is an image server as a catalog.
type server struct{ *imgapi.Client }

func (s server) Image(ctx context.Context, uuid string) (*manifest.Manifest, error) {
	m, err := s.Client.Image(ctx, uuid)
	if errors.Is(err, imgapi.ErrNotFound) {
		return nil, errNoImage
	}
	return m, err
}

func (server) Open(string) (io.ReadCloser, error) { return nil, errRemote }

// builtinCatalog is pkg/img/builtin as a catalog.
type builtinCatalog struct{}

func (builtinCatalog) Ping(context.Context) error { return nil }

func (builtinCatalog) Images(context.Context) ([]*manifest.Manifest, error) { return builtin.Images() }

func (builtinCatalog) Image(_ context.Context, uuid string) (*manifest.Manifest, error) {
	images, err := builtin.Images()
	if err != nil {
		return nil, err
	}
	return find(images, uuid)
}

func (builtinCatalog) Open(uuid string) (io.ReadCloser, error) {
	file, ok, err := builtin.Open(uuid)
	if err == nil && !ok {
		err = errNoImage
	}
	return file, err
}

func find(images []*manifest.Manifest, uuid string) (*manifest.Manifest, error) {
	for _, m := range images {
		if m.UUID == uuid {
			return m, nil
		}
	}
	return nil, errNoImage
}
