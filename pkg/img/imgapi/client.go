// Package imgapi is the client of an image server: its list of images, their
// manifests and their files, over HTTP. It holds no state and writes no file;
// what a server says is bounded and checked, never believed.
package imgapi

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// AllChannels asks for the images of every channel.
const AllChannels = "*"

// Limits on what one answer may hold; a page of 1000 manifests is about 2 MiB.
const (
	maxPage   = 64 << 20
	maxAnswer = 4 << 20
	maxError  = 64 << 10
)

// Options choose a server.
type Options struct {
	URL       string
	Channel   string // empty: the server's default
	Insecure  bool   // do not verify the server's certificate
	UserAgent string
}

// Client talks to one server.
type Client struct {
	base    *url.URL
	channel string
	agent   string
	http    *http.Client
}

// New returns a client. It contacts nobody.
func New(o Options) (*Client, error) {
	base, err := ParseURL(o.URL)
	if err != nil {
		return nil, err
	}
	return &Client{
		base: base, channel: o.Channel, agent: o.UserAgent,
		http: &http.Client{Transport: transport(o.Insecure), CheckRedirect: checkRedirect},
	}, nil
}

// ParseURL checks that a text is the address of a server.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is not a URL", text)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q is not an http or https URL", text)
	case u.Host == "" || u.Hostname() == "":
		return nil, fmt.Errorf("%q names no host", text)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q has a query or fragment, a source has none", text)
	}
	return u, nil
}

func transport(insecure bool) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		IdleConnTimeout:       30 * time.Second,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   8,
		TLSClientConfig:       &tls.Config{InsecureSkipVerify: insecure, MinVersion: tls.VersionTLS12}, //nolint:gosec // sources -k asks for it
	}
}

// checkRedirect lets nobody on the way take the encryption off.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("more than 10 redirects")
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("refusing a redirect from https to %s", req.URL.Redacted())
	}
	return nil
}

// URL is the server's address.
func (c *Client) URL() string { return c.base.String() }

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func (c *Client) request(ctx context.Context, query url.Values, elem ...string) (*http.Request, error) {
	u := c.base.JoinPath(elem...)
	if c.channel != "" {
		if query == nil {
			query = url.Values{}
		}
		query.Set("channel", c.channel)
	}
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Version", "~2")
	if c.agent != "" {
		req.Header.Set("User-Agent", c.agent)
	}
	return req, nil
}

// do sends a request; answers other than want become errors.
func (c *Client) do(req *http.Request, want ...int) (*http.Response, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if slices.Contains(want, resp.StatusCode) {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, c.refused(resp)
}

// unreachable drops the method and the URL that net/http puts in front; the
// source's name is enough.
func (c *Client) unreachable(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	return fmt.Errorf("%s: %w", c.URL(), err)
}

// getJSON reads one answer into dst.
func (c *Client) getJSON(ctx context.Context, dst any, most int64, query url.Values, elem ...string) error {
	req, err := c.request(ctx, query, elem...)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.do(req, http.StatusOK)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := readAll(resp.Body, most)
	if err != nil {
		return c.unreachable(err)
	}
	if err := json.Unmarshal(data, dst); err != nil {
		return fmt.Errorf("%s: the answer to %s is not what an image server says: %w", c.URL(), req.URL.Path, err)
	}
	return nil
}

func readAll(r io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("the answer is larger than %d MiB", most>>20)
	}
	return data, nil
}

// Ping asks whether an image server is there.
func (c *Client) Ping(ctx context.Context) error {
	var pong struct {
		Ping   string `json:"ping"`
		IMGAPI bool   `json:"imgapi"`
	}
	if err := c.getJSON(ctx, &pong, maxAnswer, nil, "ping"); err != nil {
		return err
	}
	if !pong.IMGAPI {
		return fmt.Errorf("%s: it answers, but it is not an image server (no \"imgapi\": true in /ping)", c.URL())
	}
	return nil
}

// trimmed is what a message may show of a server's own words.
func trimmed(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return strings.TrimSpace(s)
}
