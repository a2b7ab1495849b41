package imgapi

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

const unpublished = `{"v":2,"uuid":%q,"owner":"00000000-0000-0000-0000-000000000000","name":"a","version":"1","state":%q%s}`

const sha = "0123456789012345678901234567890123456789"

// shelf is a server that takes images; it says what was asked of it.
type shelf struct {
	calls []string
	file  string // how it has the file
	fail  string // the call that it refuses
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	call := fmt.Sprintf("%s %s?%s %d bytes", r.Method, r.URL.Path, r.URL.RawQuery, len(body))
	s.calls = append(s.calls, call)
	switch {
	case err != nil || s.fail != "" && strings.HasPrefix(call, s.fail):
		w.WriteHeader(http.StatusConflict)
		io.WriteString(w, `{"code":"ImageUuidAlreadyExists","message":"it is there"}`)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut:
		fmt.Fprintf(w, unpublished, uuid(1), "unactivated", `,"files":[`+s.file+`]`)
	case r.URL.Query().Get("action") == "activate":
		fmt.Fprintf(w, unpublished, uuid(1), "active", "")
	default:
		fmt.Fprintf(w, unpublished, uuid(1), "unactivated", "")
	}
}

func TestPublish(t *testing.T) {
	s := &shelf{file: `{"sha1":"` + sha + `","size":7,"compression":"gzip"}`}
	c := client(t, s, Options{})
	m, err := manifest.Read(fmt.Appendf(nil, unpublished, uuid(1), "active", ""))
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Import(t.Context(), m)
	if err != nil || got.State != "unactivated" {
		t.Errorf("import: %+v, %v", got, err)
	}
	file := manifest.File{SHA1: sha, Size: 7, Compression: "gzip", DatasetGUID: "99"}
	if _, err := c.AddFile(t.Context(), uuid(1), file, strings.NewReader("content")); err != nil {
		t.Errorf("file: %v", err)
	}
	if got, err = c.Activate(t.Context(), uuid(1)); err != nil || got.State != "active" {
		t.Errorf("activate: %+v, %v", got, err)
	}
	if err := c.Delete(t.Context(), uuid(1)); err != nil {
		t.Errorf("delete: %v", err)
	}
	want := []string{
		"POST /images/" + uuid(1) + "?action=import ",
		"PUT /images/" + uuid(1) + "/file?compression=gzip&dataset_guid=99&sha1=" + sha + " 7 bytes",
		"POST /images/" + uuid(1) + "?action=activate 0 bytes",
		"DELETE /images/" + uuid(1) + "? 0 bytes",
	}
	for i, prefix := range want {
		if i >= len(s.calls) || !strings.HasPrefix(s.calls[i], prefix) {
			t.Errorf("call %d: %v, want %s", i, s.calls, prefix)
		}
	}
}

func TestPublish_refusals(t *testing.T) {
	s := &shelf{file: `{"sha1":"` + sha + `","size":6,"compression":"none"}`, fail: "POST"}
	c := client(t, s, Options{})
	if _, err := c.Activate(t.Context(), uuid(1)); err == nil || !strings.Contains(err.Error(), "it is there") {
		t.Errorf("a refusal: %v", err)
	}
	file := manifest.File{SHA1: sha, Size: 7, Compression: "none"}
	if _, err := c.AddFile(t.Context(), uuid(1), file, strings.NewReader("content")); err == nil || !strings.Contains(err.Error(), "arrived as 6 bytes") {
		t.Errorf("another file than was sent: %v", err)
	}
}
