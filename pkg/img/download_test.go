package img

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/testenv/imgserver"
	"github.com/smartbox-os/smartbox/pkg/img/imgapi"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

const testUUID = "11111111-1111-4111-8111-111111111111"

func noise(n int) []byte {
	data := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(data)
	return data
}

// fixture is a server with one image and a download of it.
type fixture struct {
	t       *testing.T
	server  *imgserver.Server
	data    []byte
	dir     string
	url     string
	file    manifest.File
	resumed int64
}

func newFixture(t *testing.T, size int) *fixture {
	f := &fixture{t: t, data: noise(size), dir: t.TempDir()}
	i := imgserver.New(testUUID, "a", "1", f.data)
	f.server = &imgserver.Server{Images: []*imgserver.Image{i}}
	s := httptest.NewServer(f.server)
	t.Cleanup(s.Close)
	f.url = s.URL
	text, err := json.Marshal(i.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	f.file, _ = m.File()
	return f
}

func (f *fixture) run(ctx context.Context) (string, error) {
	f.t.Helper()
	c, err := imgapi.New(imgapi.Options{URL: f.url})
	if err != nil {
		f.t.Fatal(err)
	}
	defer c.Close()
	f.resumed = 0
	d := download{
		client: c, dir: f.dir, uuid: testUUID, file: f.file, stall: 300 * time.Millisecond, pause: time.Millisecond,
		tell: func(int64) {}, resume: func(n int64) { f.resumed = n },
	}
	return d.run(ctx)
}

// want checks that the download gave the file and nothing else.
func (f *fixture) want() {
	f.t.Helper()
	path, err := f.run(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, f.data) {
		f.t.Errorf("the file differs: %d bytes, %v", len(got), err)
	}
	f.left(testUUID + ".file")
}

func (f *fixture) left(names ...string) {
	f.t.Helper()
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		f.t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		f.t.Errorf("left %q, want %q", got, names)
	}
}

// files counts the requests for the file.
func (f *fixture) requests() (ranges []string) {
	for _, r := range f.server.Requests() {
		if _, rest, ok := strings.Cut(r, "/file"); ok {
			ranges = append(ranges, strings.TrimSpace(rest))
		}
	}
	return ranges
}

func isFile(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/file") }

// cutAfter ends the first n answers after some bytes.
func cutAfter(n, bytes int, data []byte) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !isFile(r) || n == 0 {
			return false
		}
		n--
		var start int
		status := http.StatusOK
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &start); err == nil {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(data)-1, len(data)))
			status = http.StatusPartialContent
		}
		w.Header().Set("ETag", fmt.Sprintf("%q", testUUID+fmt.Sprint(len(data))))
		w.Header().Set("Content-Length", fmt.Sprint(len(data)-start))
		w.WriteHeader(status)
		w.Write(data[start : start+bytes])
		panic(http.ErrAbortHandler)
	}
}

func TestDownload(t *testing.T) {
	f := newFixture(t, 1<<20)
	f.want()
	f.want() // the whole file is there: no request
	if got := f.requests(); len(got) != 1 || got[0] != "" {
		t.Errorf("requests %q", got)
	}
}

func TestDownload_replacesAWholeFileThatIsWrong(t *testing.T) {
	f := newFixture(t, 1000)
	if err := os.WriteFile(f.dir+"/"+testUUID+".file", make([]byte, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	f.want()
}

func TestDownload_goesOnWhenTheLineIsCut(t *testing.T) {
	f := newFixture(t, 1<<20)
	f.server.Hook = cutAfter(8, 100<<10, f.data) // more cuts than attempts without progress
	f.want()
	got := f.requests()
	if len(got) != 9 || got[0] != "" || !strings.HasPrefix(got[8], "bytes=") {
		t.Errorf("requests %q", got)
	}
}

func TestDownload_givesUpWithoutProgressAndGoesOnLater(t *testing.T) {
	f := newFixture(t, 1<<20)
	f.server.Hook = cutAfter(1, 300<<10, f.data)
	broken := f.server.Hook
	f.server.Hook = func(w http.ResponseWriter, r *http.Request) bool {
		if broken(w, r) {
			return true
		}
		panic(http.ErrAbortHandler)
	}
	_, err := f.run(t.Context())
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Fatalf("got %v", err)
	}
	f.left(testUUID+".file.partial", testUUID+".file.partial.json")
	f.server.Hook = nil
	f.want()
	if f.resumed < 200<<10 {
		t.Errorf("resumed at %d", f.resumed)
	}
	got := f.requests()
	if last := got[len(got)-1]; last != fmt.Sprintf("bytes=%d-", f.resumed) {
		t.Errorf("the last request is %q", last)
	}
}

func TestDownload_startsAnewWhenTheServersFileChanged(t *testing.T) {
	f := newFixture(t, 1<<20)
	partial := f.dir + "/" + testUUID + ".file.partial"
	write := func(mark string) {
		if err := errors.Join(os.WriteFile(partial, make([]byte, 4000), 0o600), os.WriteFile(partial+".json", []byte(mark), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write(fmt.Sprintf(`{"source":%q,"validator":"\"old\""}`, f.url))
	f.want() // If-Range tells
	if err := os.Remove(f.dir + "/" + testUUID + ".file"); err != nil {
		t.Fatal(err)
	}
	for _, mark := range []string{"", "{", `{"source":"http://other","validator":"x"}`} {
		write(mark)
		f.want() // the sum tells
		if err := os.Remove(f.dir + "/" + testUUID + ".file"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDownload_survivesAServerWithoutRanges(t *testing.T) {
	f := newFixture(t, 1<<20)
	cut := cutAfter(1, 200<<10, f.data)
	f.server.Hook = func(w http.ResponseWriter, r *http.Request) bool {
		if isFile(r) {
			r.Header.Del("Range")
			return cut(w, r)
		}
		return false
	}
	f.want()
}

func TestDownload_stopsWaitingForASilentServer(t *testing.T) {
	f := newFixture(t, 1<<20)
	silent := true
	f.server.Hook = func(w http.ResponseWriter, r *http.Request) bool {
		if !isFile(r) || !silent {
			return false
		}
		silent = false
		w.Header().Set("Content-Length", fmt.Sprint(len(f.data)))
		w.Write(f.data[:1000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}
	f.want()
}

func TestDownload_refusesWhatTheManifestDoesNotSay(t *testing.T) {
	size := 300 << 10
	other := noise(size)
	other[size-1]++
	for name, tt := range map[string]struct {
		hook func(w http.ResponseWriter, r *http.Request)
		want string
		left int
	}{
		"shorter": {func(w http.ResponseWriter, _ *http.Request) { w.Write(other[:100]) }, "the server's file has 100 bytes, the manifest declares", 1},
		"longer": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9999999")
			w.WriteHeader(200)
		}, "the server's file has 9999999 bytes", 1},
		"wrong sum": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(size))
			w.Write(other)
		}, "the file's sha1 is", 0},
		"endless":     {func(w http.ResponseWriter, _ *http.Request) { flood(w) }, "the file's sha1 is", 0},
		"gone":        {func(w http.ResponseWriter, _ *http.Request) { imgserver.Refuse(w, 404, "ResourceNotFound", "no file") }, "no file", 1},
		"unavailable": {func(w http.ResponseWriter, _ *http.Request) { imgserver.Refuse(w, 503, "Busy", "come back") }, "come back", 1},
		"gzip": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(other)
		}, "Content-Encoding", 1},
		"416": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(416) }, "cannot continue", 1},
	} {
		f := newFixture(t, size)
		f.server.Hook = func(w http.ResponseWriter, r *http.Request) bool { tt.hook(w, r); return true }
		_, err := f.run(t.Context())
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		if entries, _ := os.ReadDir(f.dir); len(entries) < tt.left || tt.left == 0 && len(entries) > 0 {
			t.Errorf("%s: left %v", name, entries)
		}
	}
}

func flood(w http.ResponseWriter) {
	block := make([]byte, 1<<16)
	for {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// A server that gives a little, then refuses to continue, over and over, may
// not keep us for ever.
func TestDownload_endsThoughTheServerNeverDoes(t *testing.T) {
	f := newFixture(t, 1<<20)
	cut := cutAfter(1<<30, 100<<10, f.data)
	f.server.Hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Range") != "" {
			w.WriteHeader(416)
			return true
		}
		return cut(w, r)
	}
	if _, err := f.run(t.Context()); err == nil {
		t.Error("no error")
	}
	if n := len(f.requests()); n > 30 {
		t.Errorf("%d requests", n)
	}
}

func TestDownload_endsWhenAsked(t *testing.T) {
	f := newFixture(t, 1<<20)
	ctx, cancel := context.WithCancel(t.Context())
	f.server.Hook = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", fmt.Sprint(len(f.data)))
		w.Write(f.data[:100000])
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
		return true
	}
	if _, err := f.run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	f.server.Hook = nil
	f.want()
}

func TestDownload_checksSpaceFirst(t *testing.T) {
	f := newFixture(t, 1000)
	f.file.Size = 1 << 60
	if _, err := f.run(t.Context()); CodeOf(err) != CodeNoSpace || len(f.requests()) > 0 {
		t.Errorf("%v, %q", err, f.requests())
	}
}

func TestSums_checkBothSums(t *testing.T) {
	f := newFixture(t, 1000)
	f.file.SHA256 = strings.Repeat("0", 64)
	s := newSums(f.file)
	if _, err := io.Copy(s, bytes.NewReader(f.data)); err != nil {
		t.Fatal(err)
	}
	if err := s.check(); err == nil || !strings.Contains(err.Error(), "sha256") {
		t.Errorf("got %v", err)
	}
}
