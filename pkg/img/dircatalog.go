package img

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// manifestSuffixes are how files with manifests end; the image's data lies
// beside it under the same name with another ending.
var manifestSuffixes = []string{".imgmanifest", ".manifest.json", ".json"}

// dirCatalog is a directory of images.
type dirCatalog struct{ dir string }

func (d dirCatalog) Ping(context.Context) error {
	_, err := os.ReadDir(d.dir)
	return err
}

func (d dirCatalog) Images(context.Context) ([]*manifest.Manifest, error) {
	var images []*manifest.Manifest
	err := d.each(func(m *manifest.Manifest, _ string) bool {
		images = append(images, m)
		return true
	})
	return images, err
}

func (d dirCatalog) Image(_ context.Context, uuid string) (*manifest.Manifest, error) {
	m, _, err := d.find(uuid)
	return m, err
}

func (d dirCatalog) Open(uuid string) (io.ReadCloser, error) {
	_, stem, err := d.find(uuid)
	if err != nil {
		return nil, err
	}
	data, err := dataFile(d.dir, stem)
	if err != nil {
		return nil, err
	}
	return openRegular(data)
}

func (d dirCatalog) find(uuid string) (found *manifest.Manifest, stem string, err error) {
	err = d.each(func(m *manifest.Manifest, s string) bool {
		if m.UUID != uuid {
			return true
		}
		found, stem = m, s
		return false
	})
	if err == nil && found == nil {
		err = errNoImage
	}
	return found, stem, err
}

// each calls visit for every manifest in the directory until it returns false.
// Other JSON may lie there too; what has no image's uuid is passed over.
func (d dirCatalog) each(visit func(m *manifest.Manifest, stem string) bool) error {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		stem, ok := manifestStem(e.Name())
		if !ok || e.IsDir() {
			continue
		}
		m, err := readDated(filepath.Join(d.dir, e.Name()))
		if err == nil && m.UUID != "" && !visit(m, stem) {
			return nil
		}
	}
	return nil
}

// readDated reads a manifest; one that was never published counts as published
// when its file was written.
func readDated(path string) (*manifest.Manifest, error) {
	m, err := ReadManifest(path)
	if err != nil || m.PublishedAt != "" {
		return m, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return m, setPublished(m, info.ModTime())
}

func manifestStem(name string) (string, bool) {
	for _, suffix := range manifestSuffixes {
		if stem, ok := strings.CutSuffix(name, suffix); ok && stem != "" {
			return stem, true
		}
	}
	return "", false
}

// dataFile is the one file in dir that has stem as its name and another ending
// than a manifest.
func dataFile(dir, stem string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var found []string
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), stem)
		if _, isManifest := manifestStem(e.Name()); ok && !isManifest && dataSuffix(rest) {
			found = append(found, e.Name())
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("no file %s.tar, %s.zfs or the like (.gz, .xz, .zst, .bz2) in %s", stem, stem, dir)
	case 1:
		return filepath.Join(dir, found[0]), nil
	}
	return "", fmt.Errorf("%s could all be the file of %s in %s; leave one", strings.Join(found, ", "), stem, dir)
}

func dataSuffix(rest string) bool {
	for _, ext := range []string{".gz", ".xz", ".zst", ".bz2"} {
		rest = strings.TrimSuffix(rest, ext)
	}
	return rest == ".tar" || rest == ".zfs" || rest == ".file"
}

// ReadManifest reads a manifest from a file.
func ReadManifest(path string) (*manifest.Manifest, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, fail(CodeFile, "%w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, manifest.MaxSize+1))
	if err != nil {
		return nil, fail(CodeFile, "%w", err)
	}
	m, err := manifest.Read(data)
	if err != nil {
		return nil, fail(CodeInvalidManifest, "manifest %s: %w", path, err)
	}
	return m, nil
}

// openRegular opens a file for reading and refuses what is none; opening a
// pipe would wait.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
