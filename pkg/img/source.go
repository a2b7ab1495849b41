package img

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/img/builtin"
	"github.com/smartbox-os/smartbox/pkg/img/imgapi"
)

// The kinds of source.
const (
	TypeIMGAPI  = "imgapi"  // an image server
	TypeDir     = "dir"     // file:///DIR: manifests with their files beside them
	TypeBuiltin = "builtin" // what comes inside the binary
)

// laterTypes are kinds that the format knows and this version does not serve.
var laterTypes = []string{"docker", "dsapi"}

// Source is a place that images come from.
type Source struct {
	URL      string `json:"url"`
	Type     string `json:"type"`
	Insecure bool   `json:"insecure,omitempty"` // take any certificate
	Channel  string `json:"channel,omitempty"`
}

// PublicServer is where SmartOS's own images are.
const PublicServer = "https://images.smartos.org"

// DefaultSources count until the sources are configured: what comes with the
// program, which needs no network, and the public server.
func DefaultSources() []Source {
	return []Source{{URL: builtin.URL, Type: TypeBuiltin}, {URL: PublicServer, Type: TypeIMGAPI}}
}

// NewSource checks a source that a user named; an empty type is found out from
// the URL.
func NewSource(text, kind string) (Source, error) {
	s := Source{URL: text, Type: kind}
	err := s.normalize()
	return s, err
}

// normalize fills in the type and brings the URL into the one form by which
// sources are told apart.
func (s *Source) normalize() error {
	s.URL = strings.TrimRight(s.URL, "/")
	if s.Type == "" {
		s.Type = guessType(s.URL)
	}
	switch s.Type {
	case TypeIMGAPI:
		_, err := imgapi.ParseURL(s.URL)
		return err
	case TypeBuiltin:
		if s.URL != builtin.URL {
			return fmt.Errorf("the built-in source is called %q, not %q", builtin.URL, s.URL)
		}
		return nil
	case TypeDir:
		_, err := s.dir()
		return err
	}
	for _, t := range laterTypes {
		if s.Type == t {
			return fmt.Errorf("sources of type %q are not supported yet; %s, %s and %s are", t, TypeIMGAPI, TypeDir, TypeBuiltin)
		}
	}
	return fmt.Errorf("%q is not a type of source; %s, %s and %s are", s.Type, TypeIMGAPI, TypeDir, TypeBuiltin)
}

func guessType(text string) string {
	switch {
	case text == builtin.URL:
		return TypeBuiltin
	case strings.HasPrefix(text, "file:"):
		return TypeDir
	}
	return TypeIMGAPI
}

// dir is the directory that a file: URL names.
func (s *Source) dir() (string, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme != "file" || u.Host != "" || !filepath.IsAbs(u.Path) {
		return "", fmt.Errorf("%q is not a URL like file:///DIRECTORY", s.URL)
	}
	return filepath.Clean(u.Path), nil
}

// DirURL is the source that a directory is; the path is absolute.
func DirURL(dir string) string { return (&url.URL{Scheme: "file", Path: dir}).String() }
