// Package manifest is the image manifest, version 2: reading it strictly,
// checking it whole, writing it back as it came. It is pure: no file, no
// network, no clock.
package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// MaxSize bounds the bytes of a manifest; tags alone may take 100 KiB.
const MaxSize = 4 << 20

// MaxFileSize bounds the size that an image file may declare: 20 GiB.
const MaxFileSize = 20 << 30

// Manifest describes one image. The fields are what smartbox acts on; every
// member of the JSON, known or not, is kept in its order for show and get.
type Manifest struct {
	V           int
	UUID        string
	Owner       string
	Name        string
	Version     string
	Description string
	State       string
	Disabled    bool
	Public      bool
	PublishedAt string // as written, YYYY-MM-DDTHH:MM:SS(.mmm)?Z
	Type        string // zone-dataset, lx-dataset, zvol, docker, lxd, other
	OS          string // smartos, linux, windows, bsd, illumos, other
	Origin      string // uuid of the image this one builds upon
	Files       []File
	Tags        map[string]any

	Requirements Requirements
	NICDriver    string
	DiskDriver   string
	CPUType      string
	ImageSize    int64 // MiB, zvol only

	members []member
	errs    []FieldError // found while reading, reported by Validate
}

// File is the image's data.
type File struct {
	SHA1        string `json:"sha1,omitempty"`
	SHA256      string `json:"sha256,omitempty"` // beyond the original; checked when given
	Size        int64  `json:"size"`             // bytes as downloaded
	Compression string `json:"compression,omitempty"`
	DatasetGUID string `json:"dataset_guid,omitempty"`
	Digest      string `json:"digest,omitempty"` // docker
}

// Requirements say where the image may run.
type Requirements struct {
	Brand    string
	MinRAM   int64 // MiB
	MaxRAM   int64 // MiB
	SSHKey   bool
	Bootrom  string
	Networks []Network
}

// Network is one NIC that the image expects.
type Network struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Read takes a manifest apart. The error says that the bytes are no JSON
// object; what is wrong with its fields is for Validate to say.
func Read(data []byte) (*Manifest, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("manifest is larger than %d MiB", MaxSize>>20)
	}
	members, err := readObject(data)
	if err != nil {
		return nil, err
	}
	m := &Manifest{members: members}
	m.fill()
	return m, nil
}

// MarshalJSON writes the manifest with all members in their order.
func (m *Manifest) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range m.members {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(f.key)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(f.value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON is Read, for manifests inside other JSON.
func (m *Manifest) UnmarshalJSON(data []byte) error {
	got, err := Read(data)
	if err != nil {
		return err
	}
	*m = *got
	return nil
}

// Set puts a member, at its place or at the end.
func (m *Manifest) Set(key string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("manifest %s: %w", key, err)
	}
	fresh := Manifest{members: m.members}
	fresh.members = put(fresh.members, key, raw)
	fresh.fill()
	*m = fresh
	return nil
}

// Lookup finds a member by name, or inside members by dotted names as in
// "requirements.brand" and "tags.role". A whole member's name wins, since tag
// names may hold dots.
func (m *Manifest) Lookup(path string) (any, bool) {
	for _, f := range m.members {
		if rest, ok := strings.CutPrefix(path, f.key); ok && (rest == "" || rest[0] == '.') {
			return descend(f.value, strings.TrimPrefix(rest, "."))
		}
	}
	return nil, false
}

func descend(raw json.RawMessage, path string) (any, bool) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return nil, false
	}
	return inside(v, path)
}

func inside(v any, path string) (any, bool) {
	if path == "" {
		return v, v != nil
	}
	obj, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	for key, value := range obj {
		if rest, ok := strings.CutPrefix(path, key); ok && (rest == "" || rest[0] == '.') {
			if got, ok := inside(value, strings.TrimPrefix(rest, ".")); ok {
				return got, true
			}
		}
	}
	return nil, false
}

// Title is how messages name an image: its uuid, then name and version.
func (m *Manifest) Title() string {
	if m.Name == "" {
		return m.UUID
	}
	return fmt.Sprintf("%s (%s@%s)", m.UUID, m.Name, m.Version)
}

// Active says that the image may be used for new machines.
func (m *Manifest) Active() bool {
	return m.State == "active" || m.State == "" && !m.Disabled && m.PublishedAt != ""
}

// File is the image's only file, false when it has none.
func (m *Manifest) File() (File, bool) {
	if len(m.Files) == 0 {
		return File{}, false
	}
	return m.Files[0], true
}
