package imgapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// pageSize is the most that servers give at once, and their default.
const pageSize = 1000

// maxImages ends a listing that has no end.
const maxImages = 500_000

// Images lists every active image, as many pages as it takes. The marker of
// the next page is the last image of this one, and comes again at its top.
// Entries without a proper uuid cannot be asked for and are left out.
func (c *Client) Images(ctx context.Context) ([]*manifest.Manifest, error) {
	var all []*manifest.Manifest
	seen := map[string]bool{}
	marker := ""
	for {
		page, entries, err := c.page(ctx, marker)
		if err != nil {
			return nil, err
		}
		fresh := 0
		for _, m := range page {
			marker = m.UUID
			if !seen[m.UUID] {
				seen[m.UUID] = true
				all = append(all, m)
				fresh++
			}
		}
		if entries < pageSize || fresh == 0 {
			return all, nil
		}
		if len(all) > maxImages {
			return nil, fmt.Errorf("%s: lists more than %d images", c.URL(), maxImages)
		}
	}
}

func (c *Client) page(ctx context.Context, marker string) (images []*manifest.Manifest, entries int, err error) {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if marker != "" {
		query.Set("marker", marker)
	}
	var raw []json.RawMessage
	if err := c.getJSON(ctx, &raw, maxPage, query, "images"); err != nil {
		return nil, 0, err
	}
	for _, data := range raw {
		m, err := manifest.Read(data)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: an image of the list is broken: %w", c.URL(), err)
		}
		if m.UUID != "" {
			images = append(images, m)
		}
	}
	return images, len(raw), nil
}

// Image reads one manifest, whatever state the image is in.
func (c *Client) Image(ctx context.Context, uuid string) (*manifest.Manifest, error) {
	var raw json.RawMessage
	if err := c.getJSON(ctx, &raw, manifest.MaxSize, nil, "images", uuid); err != nil {
		return nil, err
	}
	m, err := manifest.Read(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: image %s: %w", c.URL(), uuid, err)
	}
	if m.UUID != uuid {
		return nil, fmt.Errorf("%s: asked for image %s, the server gives %q", c.URL(), uuid, m.UUID)
	}
	return m, nil
}

// Channel is one channel of a server.
type Channel struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Default     bool   `json:"default"`
}

// Channels lists the server's channels, none when it does not use them.
func (c *Client) Channels(ctx context.Context) ([]Channel, error) {
	var channels []Channel
	err := c.getJSON(ctx, &channels, maxAnswer, nil, "channels")
	if e, ok := errors.AsType[*Error](err); ok && (e.Status == 404 || e.Status == 501) {
		return nil, nil
	}
	return channels, err
}
