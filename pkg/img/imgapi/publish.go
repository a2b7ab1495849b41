package imgapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// Import gives the server a manifest, whose image then waits for its file.
func (c *Client) Import(ctx context.Context, m *manifest.Manifest) (*manifest.Manifest, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	query := url.Values{"action": {"import"}}
	return c.change(ctx, http.MethodPost, query, "application/json", bytes.NewReader(body), int64(len(body)), "images", m.UUID)
}

// AddFile gives the server an image's file.
func (c *Client) AddFile(ctx context.Context, uuid string, file manifest.File, content io.Reader) (*manifest.Manifest, error) {
	query := url.Values{"compression": {file.Compression}, "sha1": {file.SHA1}}
	if file.DatasetGUID != "" {
		query.Set("dataset_guid", file.DatasetGUID)
	}
	got, err := c.change(ctx, http.MethodPut, query, "application/octet-stream", content, file.Size, "images", uuid, "file")
	if err != nil {
		return nil, err
	}
	if there, ok := got.File(); !ok || there.SHA1 != file.SHA1 || there.Size != file.Size {
		return nil, fmt.Errorf("%s: the file of image %s arrived as %d bytes with sha1 %s, not as %d with %s",
			c.URL(), uuid, there.Size, there.SHA1, file.Size, file.SHA1)
	}
	return got, nil
}

// Activate makes an image available.
func (c *Client) Activate(ctx context.Context, uuid string) (*manifest.Manifest, error) {
	return c.change(ctx, http.MethodPost, url.Values{"action": {"activate"}}, "", nil, 0, "images", uuid)
}

// Delete removes an image from the server.
func (c *Client) Delete(ctx context.Context, uuid string) error {
	req, err := c.request(ctx, nil, "images", uuid)
	if err != nil {
		return err
	}
	req.Method = http.MethodDelete
	resp, err := c.do(req, http.StatusNoContent, http.StatusOK)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// change sends something about an image and reads its manifest as it is then.
func (c *Client) change(ctx context.Context, method string, query url.Values, kind string, body io.Reader, size int64, elem ...string) (*manifest.Manifest, error) {
	req, err := c.request(ctx, query, elem...)
	if err != nil {
		return nil, err
	}
	req.Method, req.ContentLength = method, size
	if body != nil {
		req.Body = io.NopCloser(body)
		req.Header.Set("Content-Type", kind)
	}
	resp, err := c.do(req, http.StatusOK)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, manifest.MaxSize+1))
	if err != nil {
		return nil, c.unreachable(err)
	}
	m, err := manifest.Read(data)
	if err != nil {
		return nil, fmt.Errorf("%s: its answer is no manifest: %w", c.URL(), err)
	}
	return m, nil
}
