// Package builtin is the catalogue that comes inside the binary: images that
// need no network and no file. Today that is "base", the sparse UNIX zone
// whose programs are the host's own. It is the same bytes on every machine.
package builtin

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // what manifests carry
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// URL is the name of the catalogue among the sources.
const URL = "builtin:"

// BaseUUID is the image "base". A change of its content needs a new uuid and
// version: machines point at images by uuid.
const BaseUUID = "5f3d2c1a-9e47-4b0e-8c6d-7a1b0e2f4d10"

const (
	baseVersion   = "1.0.0"
	basePublished = "2026-01-01T00:00:00.000Z"
)

type image struct {
	manifest *manifest.Manifest
	data     []byte
}

var base = sync.OnceValues(func() (image, error) {
	data, err := baseArchive()
	if err != nil {
		return image{}, fmt.Errorf("built-in image base: %w", err)
	}
	m, err := baseManifest(data)
	if err != nil {
		return image{}, fmt.Errorf("built-in image base: %w", err)
	}
	return image{m, data}, nil
})

func baseManifest(data []byte) (*manifest.Manifest, error) {
	one, two := sha1.Sum(data), sha256.Sum256(data) //nolint:gosec // what manifests carry
	text, err := json.Marshal(struct {
		V           int               `json:"v"`
		UUID        string            `json:"uuid"`
		Owner       string            `json:"owner"`
		Name        string            `json:"name"`
		Version     string            `json:"version"`
		State       string            `json:"state"`
		Disabled    bool              `json:"disabled"`
		Public      bool              `json:"public"`
		PublishedAt string            `json:"published_at"`
		Type        string            `json:"type"`
		OS          string            `json:"os"`
		Files       []manifest.File   `json:"files"`
		Description string            `json:"description"`
		Tags        map[string]string `json:"tags"`
	}{
		V: 2, UUID: BaseUUID, Owner: "00000000-0000-0000-0000-000000000000", Name: "base", Version: baseVersion,
		State: "active", Public: true, PublishedAt: basePublished, Type: "zone-dataset", OS: "linux",
		Files: []manifest.File{{
			SHA1: hex.EncodeToString(one[:]), SHA256: hex.EncodeToString(two[:]), Size: int64(len(data)), Compression: "none",
		}},
		Description: "A sparse UNIX zone: its own /etc, /var, /root, /home and /opt, the programs of the host.",
		Tags:        map[string]string{"role": "os"},
	})
	if err != nil {
		return nil, err
	}
	return manifest.Read(text)
}

// Images lists the catalogue.
func Images() ([]*manifest.Manifest, error) {
	b, err := base()
	if err != nil {
		return nil, err
	}
	return []*manifest.Manifest{b.manifest}, nil
}

// Open reads an image's file; false when there is no such image.
func Open(uuid string) (io.ReadCloser, bool, error) {
	b, err := base()
	if err != nil || uuid != b.manifest.UUID {
		return nil, false, err
	}
	return io.NopCloser(bytes.NewReader(b.data)), true, nil
}
