package imgapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv/imgserver"
)

func uuid(n int) string { return fmt.Sprintf("%08x-1111-4111-8111-111111111111", n) }

func client(t *testing.T, h http.Handler, o Options) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	o.URL = s.URL
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func many(n int) *imgserver.Server {
	s := &imgserver.Server{}
	for i := range n {
		s.Images = append(s.Images, imgserver.New(uuid(i), "many", fmt.Sprint(i), nil))
	}
	return s
}

func TestImages_readsEveryPage(t *testing.T) {
	for _, n := range []int{0, 1, 999, 1000, 1001, 1999, 2500} {
		s := many(n)
		got, err := client(t, s, Options{}).Images(t.Context())
		if err != nil || len(got) != n {
			t.Fatalf("%d images: got %d, %v", n, len(got), err)
		}
		for i, m := range got {
			if m.UUID != uuid(i) {
				t.Fatalf("%d images: at %d is %s", n, i, m.UUID)
			}
		}
	}
}

func TestImages_endsThoughTheServerIgnoresTheMarker(t *testing.T) {
	s := many(1000)
	s.Hook = func(_ http.ResponseWriter, r *http.Request) bool {
		q := r.URL.Query()
		q.Del("marker")
		r.URL.RawQuery = q.Encode()
		return false
	}
	got, err := client(t, s, Options{}).Images(t.Context())
	if err != nil || len(got) != 1000 || len(s.Requests()) != 2 {
		t.Errorf("%d images, %v, %q", len(got), err, s.Requests())
	}
}

func TestImages_leavesOutWhatHasNoUUID(t *testing.T) {
	s := many(2)
	s.Images[0].Manifest["uuid"] = "../../etc"
	got, err := client(t, s, Options{}).Images(t.Context())
	if err != nil || len(got) != 1 || got[0].UUID != uuid(1) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestChannels(t *testing.T) {
	s := many(3)
	if got, err := client(t, s, Options{}).Channels(t.Context()); err != nil || got != nil {
		t.Errorf("a server without channels: %v, %v", got, err)
	}
	s.Channels = []string{"release", "dev"}
	s.Images[2].Channels = []string{"dev"}
	for channel, want := range map[string]int{"": 2, "dev": 1, AllChannels: 3} {
		c := client(t, s, Options{Channel: channel})
		got, err := c.Images(t.Context())
		if err != nil || len(got) != want {
			t.Errorf("channel %q: %d images, %v", channel, len(got), err)
		}
		if channels, err := c.Channels(t.Context()); err != nil || len(channels) != 2 || !channels[0].Default {
			t.Errorf("channels: %v, %v", channels, err)
		}
	}
	_, err := client(t, s, Options{Channel: "none"}).Images(t.Context())
	if err == nil || !strings.Contains(err.Error(), "invalid channel; channel (Invalid): unknown channel none") {
		t.Errorf("unknown channel: %v", err)
	}
	if _, err := client(t, s, Options{}).Image(t.Context(), uuid(2)); !errors.Is(err, ErrNotFound) {
		t.Errorf("an image of another channel: %v", err)
	}
}

func TestImage(t *testing.T) {
	s := many(1)
	c := client(t, s, Options{UserAgent: "imgadm/test"})
	s.Hook = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.UserAgent() != "imgadm/test" || r.Header.Get("Accept-Version") != "~2" {
			t.Errorf("headers %v", r.Header)
		}
		return false
	}
	if m, err := c.Image(t.Context(), uuid(0)); err != nil || m.Name != "many" {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := c.Image(t.Context(), uuid(1)); !errors.Is(err, ErrNotFound) {
		t.Errorf("missing image: %v", err)
	}
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// Every answer of a hostile server is one plain error.
func TestHostileAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		hook func(w http.ResponseWriter, r *http.Request)
		want string
	}{
		"html":       {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>hello") }, "not what an image server says"},
		"endless":    {endless, "larger than"},
		"null":       {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "null") }, "not a JSON object"},
		"other uuid": {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"uuid":"`+uuid(9)+`"}`) }, "the server gives"},
		"twice":      {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"a":1,"a":2}`) }, "twice"},
		"cut": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "50")
			io.WriteString(w, "{")
		}, "unexpected EOF"},
		"500":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); io.WriteString(w, "\x1b[31moops") }, "answers 500 Internal Server Error"},
		"escapes": {func(w http.ResponseWriter, _ *http.Request) { imgserver.Refuse(w, 503, "Busy", "a\x1b[2J\nb") }, "a [2J b"},
		"loop":    {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, "10 redirects"},
	} {
		s := &imgserver.Server{Hook: func(w http.ResponseWriter, r *http.Request) bool { tt.hook(w, r); return true }}
		_, err := client(t, s, Options{}).Image(t.Context(), uuid(0))
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	s := &imgserver.Server{Hook: func(w http.ResponseWriter, _ *http.Request) bool { io.WriteString(w, `{"ping":"pong"}`); return true }}
	if err := client(t, s, Options{}).Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "not an image server") {
		t.Errorf("ping: %v", err)
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	io.WriteString(w, `{"a":"`)
	block := strings.Repeat("x", 1<<16)
	for {
		if _, err := io.WriteString(w, block); err != nil {
			return
		}
	}
}

func TestRedirect_keepsEncryption(t *testing.T) {
	plain := httptest.NewServer(many(1))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL+"/images/"+uuid(0), http.StatusFound))
	defer secure.Close()
	c, err := New(Options{URL: secure.URL, Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Image(t.Context(), uuid(0)); err == nil || !strings.Contains(err.Error(), "refusing a redirect from https") {
		t.Errorf("got %v", err)
	}
	strict, err := New(Options{URL: secure.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := strict.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown certificate: %v", err)
	}
}

func TestParseURL(t *testing.T) {
	for in, want := range map[string]string{
		"ftp://a": "not an http", "http://": "no host", "images": "not an http", "http://a?b": "query", "http://[": "not a URL",
	} {
		if _, err := ParseURL(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestContentRange(t *testing.T) {
	for in, want := range map[string][2]int64{"bytes 5-9/10": {5, 10}, "bytes 0-0/*": {0, Unknown}} {
		start, total, err := contentRange(in)
		if err != nil || start != want[0] || total != want[1] {
			t.Errorf("%s: %d %d %v", in, start, total, err)
		}
	}
	for _, in := range []string{"", "bytes", "bytes 5-9", "bytes 9-5/10", "bytes -5/10", "bytes 5-10/10", "items 1-2/3", "bytes a-b/c"} {
		if _, _, err := contentRange(in); err == nil {
			t.Errorf("%q is taken", in)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`[{"v":2,"uuid":"`+uuid(0)+`"}]`), "bytes 1-2/3")
	f.Add([]byte(`{"code":"X","message":"y","errors":[{"field":"z"}]}`), "bytes 0-/")
	var body []byte
	var span string
	status := 200
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range", strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return -1
			}
			return r
		}, span))
		w.WriteHeader(status)
		w.Write(body)
	}))
	defer s.Close()
	c, err := New(Options{URL: s.URL})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		body, span = data, text
		for _, status = range []int{200, 206, 404} {
			images, err := c.Images(t.Context())
			if err == nil {
				for _, m := range images {
					if m.UUID == "" {
						t.Fatal("an image without uuid")
					}
				}
			} else if strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Fatalf("raw bytes in %q", err)
			}
			_, _ = c.Image(t.Context(), uuid(0))
			if file, err := c.File(t.Context(), uuid(0), 1, ""); err == nil {
				if file.Start != 0 && file.Start != 1 {
					t.Fatalf("start %d", file.Start)
				}
				file.Body.Close()
			}
		}
	})
}
