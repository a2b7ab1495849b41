package img

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// record is a file of the database, POOL-UUID.json: what there is to know
// about an image beside its dataset. The dataset alone decides whether the
// image is installed.
type record struct {
	Manifest *manifest.Manifest `json:"manifest"`
	Pool     string             `json:"zpool"`
	Source   string             `json:"source,omitempty"`
}

func (h *Host) recordPath(pool, uuid string) string {
	return filepath.Join(h.root.Imgadm(), "images", pool+"-"+uuid+".json")
}

func (h *Host) writeRecord(r record) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fail(CodeInternal, "%w", err)
	}
	path := h.recordPath(r.Pool, r.Manifest.UUID)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fail(CodeFile, "%w", err)
	}
	if err := atomicfile.Write(path, append(data, '\n'), 0o644); err != nil {
		return fail(CodeFile, "%w", err)
	}
	return nil
}

// readRecord reads what is known about an image. Without a record, or with one
// that is broken, all there is to know is the uuid.
func (h *Host) readRecord(pool, uuid string) record {
	bare := record{Manifest: bareManifest(uuid), Pool: pool}
	f, err := openRegular(h.recordPath(pool, uuid))
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			h.log.Warn("image record", "image", uuid, "error", err)
		}
		return bare
	}
	defer f.Close()
	var r record
	data, err := io.ReadAll(io.LimitReader(f, 2*manifest.MaxSize))
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil || r.Manifest == nil || r.Manifest.UUID != uuid {
		h.log.Warn("image record is broken", "image", uuid, "file", f.Name(), "error", err)
		return bare
	}
	r.Pool = pool
	return r
}

func bareManifest(uuid string) *manifest.Manifest {
	m, err := manifest.Read([]byte(`{"v":2,"uuid":"` + uuid + `"}`))
	if err != nil {
		return &manifest.Manifest{UUID: uuid}
	}
	return m
}

func (h *Host) removeRecord(pool, uuid string) error {
	err := os.Remove(h.recordPath(pool, uuid))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fail(CodeFile, "%w", err)
	}
	return nil
}
