// Package imgserver is a small real image server for tests: listing with
// pages, channels, states, files with ranges, and refusals in the words of the
// protocol. Hooks let it misbehave.
package imgserver

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // what manifests carry
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Image is one image of the server.
type Image struct {
	Manifest map[string]any
	Data     []byte
	Channels []string // none: the default channel
}

// UUID of the image.
func (i *Image) UUID() string { s, _ := i.Manifest["uuid"].(string); return s }

func (i *Image) state() string {
	if s, ok := i.Manifest["state"].(string); ok {
		return s
	}
	return "active"
}

// New is an active image with the sums of its data.
func New(uuid, name, version string, data []byte) *Image {
	sum := sha1.Sum(data) //nolint:gosec // what manifests carry
	return &Image{Data: data, Manifest: map[string]any{
		"v": 2, "uuid": uuid, "name": name, "version": version, "owner": "00000000-0000-0000-0000-000000000000",
		"type": "lx-dataset", "os": "linux", "state": "active", "disabled": false, "public": true,
		"published_at": "2026-02-03T04:05:06.789Z",
		"files":        []any{map[string]any{"sha1": hex.EncodeToString(sum[:]), "size": len(data), "compression": "none"}},
	}}
}

// Server answers as an image server does.
type Server struct {
	Images   []*Image
	Channels []string // names; the first is the default. None: channels are not used
	PageMax  int      // 1000 when 0

	// Hook may answer a request itself; it returns true then.
	Hook func(w http.ResponseWriter, r *http.Request) bool

	mu       sync.Mutex
	requests []string
}

// Requests are those so far: path, query and Range.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, strings.TrimSpace(r.URL.RequestURI()+" "+r.Header.Get("Range")))
	s.mu.Unlock()
	if s.Hook != nil && s.Hook(w, r) {
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		Refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", r.Method+" is not allowed")
	case r.URL.Path == "/ping":
		reply(w, map[string]any{"ping": "pong", "version": "4.0.0", "imgapi": true})
	case r.URL.Path == "/channels" && len(s.Channels) > 0:
		s.channels(w)
	case r.URL.Path == "/images":
		s.list(w, r)
	case parts[0] == "images" && len(parts) == 2:
		if i := s.find(w, r, parts[1]); i != nil {
			reply(w, i.Manifest)
		}
	case parts[0] == "images" && len(parts) == 3 && parts[2] == "file":
		if i := s.find(w, r, parts[1]); i != nil {
			w.Header().Set("ETag", fmt.Sprintf("%q", i.UUID()+strconv.Itoa(len(i.Data))))
			w.Header().Set("Content-Type", "application/octet-stream")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(i.Data))
		}
	default:
		Refuse(w, http.StatusNotFound, "ResourceNotFound", r.URL.Path+" does not exist")
	}
}

func (s *Server) channels(w http.ResponseWriter) {
	var all []map[string]any
	for n, name := range s.Channels {
		all = append(all, map[string]any{"name": name, "description": name + " channel", "default": n == 0})
	}
	reply(w, all)
}

// shown are the images of the channel that was asked for, nil when the request
// was refused.
func (s *Server) shown(w http.ResponseWriter, r *http.Request) ([]*Image, bool) {
	want := r.URL.Query().Get("channel")
	if len(s.Channels) == 0 {
		return s.Images, true
	}
	if want == "" {
		want = s.Channels[0]
	}
	if want != "*" && !slices.Contains(s.Channels, want) {
		refuseFields(w, http.StatusUnprocessableEntity, "InvalidParameter", "invalid channel", "channel", "unknown channel "+want)
		return nil, false
	}
	var shown []*Image
	for _, i := range s.Images {
		in := i.Channels
		if len(in) == 0 {
			in = s.Channels[:1]
		}
		if want == "*" || slices.Contains(in, want) {
			shown = append(shown, i)
		}
	}
	return shown, true
}

func (s *Server) find(w http.ResponseWriter, r *http.Request, uuid string) *Image {
	shown, ok := s.shown(w, r)
	if !ok {
		return nil
	}
	for _, i := range shown {
		if i.UUID() == uuid {
			return i
		}
	}
	Refuse(w, http.StatusNotFound, "ResourceNotFound", "image not found")
	return nil
}

// list gives a page, at whose top the marker's image comes again.
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	shown, ok := s.shown(w, r)
	if !ok {
		return
	}
	most := s.PageMax
	if most == 0 {
		most = 1000
	}
	limit := most
	if text := r.URL.Query().Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			refuseFields(w, http.StatusUnprocessableEntity, "InvalidParameter", "invalid limit", "limit", "not between 1 and 1000")
			return
		}
		limit = min(n, most)
	}
	marker := r.URL.Query().Get("marker")
	page, started := []any{}, marker == ""
	for _, i := range shown {
		started = started || i.UUID() == marker
		if started && i.state() == "active" && len(page) < limit {
			page = append(page, i.Manifest)
		}
	}
	reply(w, page)
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

// Refuse answers with an error.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "message": message})
}

func refuseFields(w http.ResponseWriter, status int, code, message, field, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"code": code, "message": message, "errors": []any{map[string]any{"field": field, "code": "Invalid", "message": why}},
	})
}
