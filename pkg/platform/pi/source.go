package pi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/platform"
	"github.com/smartbox-os/smartbox/pkg/platform/media"
)

// Source is where an image's files come from.
type Source interface {
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	Close() error
}

const maxSmallFile = 1 << 20

// OpenSource is the image in a directory, in an ISO file, or below an http(s)
// address; one that ends in .iso is such a file's.
func OpenSource(ctx context.Context, where string) (Source, error) {
	if u, err := url.Parse(where); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		if strings.HasSuffix(strings.ToLower(u.Path), ".iso") {
			return remoteISO(ctx, where)
		}
		return &remote{strings.TrimSuffix(where, "/")}, nil
	}
	fi, err := os.Stat(where)
	if err != nil {
		return nil, err
	}
	if fi.IsDir() {
		return local{where}, nil
	}
	f, err := os.Open(where)
	if err != nil {
		return nil, err
	}
	iso, err := media.ReadISO(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return &isoSource{f, iso}, nil
}

type local struct{ dir string }

func (l local) Open(_ context.Context, name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(l.dir, name))
}
func (l local) Close() error { return nil }

type isoSource struct {
	f   *os.File
	iso *media.ISOReader
}

func (s *isoSource) Open(_ context.Context, name string) (io.ReadCloser, error) {
	r, err := s.iso.Open("platform/" + name)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(r), nil
}
func (s *isoSource) Close() error { return s.f.Close() }

type remote struct{ base string }

func (r *remote) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+"/"+name, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		if resp.StatusCode == http.StatusNotFound {
			return nil, fmt.Errorf("%s/%s: %w", r.base, name, os.ErrNotExist)
		}
		return nil, fmt.Errorf("%s/%s: the server says %s", r.base, name, resp.Status)
	}
	return resp.Body, nil
}
func (r *remote) Close() error { return nil }

// manifest reads and checks what the source says it has.
func (s *Store) manifest(ctx context.Context, from Source) (map[string][]byte, *platform.Manifest, error) {
	small := map[string][]byte{}
	for _, name := range []string{platform.ManifestFile, platform.SignatureFile} {
		data, err := readSmall(ctx, from, name)
		if errors.Is(err, os.ErrNotExist) && name == platform.SignatureFile {
			return nil, nil, platform.ErrUnsigned
		}
		if err != nil {
			return nil, nil, err
		}
		small[name] = data
	}
	if err := platform.CheckSignature(small[platform.ManifestFile], small[platform.SignatureFile], s.Keys); err != nil {
		return nil, nil, err
	}
	m, err := platform.ParseManifest(small[platform.ManifestFile])
	return small, m, err
}

func readSmall(ctx context.Context, from Source, name string) ([]byte, error) {
	r, err := from.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxSmallFile+1))
	if err == nil && len(data) > maxSmallFile {
		err = fmt.Errorf("%s: is too large", name)
	}
	return data, err
}

// fetch writes an image's files, each checked as it comes.
func fetch(ctx context.Context, from Source, dir string, small map[string][]byte, m *platform.Manifest) error {
	for _, c := range m.Files {
		if err := fetchOne(ctx, from, dir, c); err != nil {
			return err
		}
	}
	for name, data := range small {
		if err := writeSynced(filepath.Join(dir, name), func(w io.Writer) error {
			_, err := w.Write(data)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

func fetchOne(ctx context.Context, from Source, dir string, c platform.Content) error {
	r, err := from.Open(ctx, c.Name)
	if err != nil {
		return err
	}
	defer r.Close()
	return writeSynced(filepath.Join(dir, c.Name), func(w io.Writer) error { return c.Copy(w, r) })
}

func writeSynced(name string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Available is the stamps that a server offers in its index.json, the newest
// first; an image of stamp S is below S/.
func Available(ctx context.Context, base string) ([]string, error) {
	data, err := readSmall(ctx, &remote{strings.TrimSuffix(base, "/")}, "index.json")
	if err != nil {
		return nil, err
	}
	var stamps []string
	if err := json.Unmarshal(data, &stamps); err != nil {
		return nil, fmt.Errorf("%s/index.json: %w", base, err)
	}
	for _, s := range stamps {
		if err := platform.CheckStamp(s); err != nil {
			return nil, fmt.Errorf("%s/index.json: %w", base, err)
		}
	}
	slices.Sort(stamps)
	slices.Reverse(stamps)
	return stamps, nil
}
