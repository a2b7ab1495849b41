package imgapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// ErrRange says that the server has nothing at the offset asked for.
var ErrRange = errors.New("the server cannot continue at this place")

// Unknown is the Total of a file whose server does not say.
const Unknown = -1

// File is an image's data on its way.
type File struct {
	Body      io.ReadCloser
	Start     int64  // offset of the first byte: the one asked for, or 0
	Total     int64  // of the whole file, or Unknown
	Validator string // for If-Range: a strong ETag or a date, "" when there is none
}

// File begins to read an image's data at offset. With validator the server
// begins anew when its file has changed since; without, it is for the caller
// to find out.
func (c *Client) File(ctx context.Context, uuid string, offset int64, validator string) (*File, error) {
	req, err := c.request(ctx, nil, "images", uuid, "file")
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity") // sizes and sums are of the file as it is
	if offset > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		if validator != "" {
			req.Header.Set("If-Range", validator)
		}
	}
	resp, err := c.do(req, http.StatusOK, http.StatusPartialContent, http.StatusRequestedRangeNotSatisfiable)
	if err != nil {
		return nil, err
	}
	f, err := c.file(resp, offset)
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	return f, nil
}

func (c *Client) file(resp *http.Response, offset int64) (*File, error) {
	f := &File{Body: resp.Body, Total: resp.ContentLength, Validator: validator(resp.Header)}
	switch {
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return nil, fmt.Errorf("%s: %w", c.URL(), ErrRange)
	case resp.Header.Get("Content-Encoding") != "" && resp.Header.Get("Content-Encoding") != "identity":
		return nil, fmt.Errorf("%s: sends the file with Content-Encoding %q, which nobody asked for",
			c.URL(), trimmed(resp.Header.Get("Content-Encoding")))
	case resp.StatusCode == http.StatusOK:
		return f, nil
	}
	start, total, err := contentRange(resp.Header.Get("Content-Range"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.URL(), err)
	}
	if start != offset {
		return nil, fmt.Errorf("%s: asked for the file from byte %d on, the server sends from byte %d", c.URL(), offset, start)
	}
	f.Start, f.Total = start, total
	return f, nil
}

// contentRange takes "bytes 5-9/10" or "bytes 5-9/*" apart.
func contentRange(value string) (start, total int64, err error) {
	bad := fmt.Errorf("bad Content-Range %q", trimmed(value))
	rest, ok := strings.CutPrefix(value, "bytes ")
	span, size, ok2 := strings.Cut(rest, "/")
	from, to, ok3 := strings.Cut(span, "-")
	if !ok || !ok2 || !ok3 {
		return 0, 0, bad
	}
	start, err1 := strconv.ParseInt(from, 10, 64)
	end, err2 := strconv.ParseInt(to, 10, 64)
	if err1 != nil || err2 != nil || start < 0 || end < start {
		return 0, 0, bad
	}
	if size == "*" {
		return start, Unknown, nil
	}
	total, err = strconv.ParseInt(size, 10, 64)
	if err != nil || total <= end {
		return 0, 0, bad
	}
	return start, total, nil
}

// validator is what If-Range may carry: weak ETags may not (RFC 9110, 13.1.5).
func validator(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return h.Get("Last-Modified")
}
