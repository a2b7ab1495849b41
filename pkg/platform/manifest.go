package platform

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Files of an image's directory.
const (
	KernelFile    = "vmlinuz"
	InitramfsFile = "initramfs.zst"
	ManifestFile  = "manifest.json"
	SignatureFile = "manifest.sig"
)

const (
	manifestKind = "smartbox-platform"
	maxManifest  = 1 << 20
	maxImageFile = 4 << 30
)

// Manifest says what an image consists of.
type Manifest struct {
	Version  int       `json:"v"`
	Kind     string    `json:"kind"`
	Stamp    string    `json:"stamp"`
	Release  string    `json:"release"`  // of the kernel
	Smartbox string    `json:"smartbox"` // version
	Profile  string    `json:"profile"`
	Files    []Content `json:"files"`
}

// Content is one file of an image.
type Content struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// ParseManifest reads a manifest and refuses one that cannot be right.
func ParseManifest(data []byte) (*Manifest, error) {
	if len(data) > maxManifest {
		return nil, errors.New("manifest: is too large")
	}
	m := &Manifest{}
	in := json.NewDecoder(bytes.NewReader(data))
	in.DisallowUnknownFields()
	if err := in.Decode(m); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if m.Version != 1 || m.Kind != manifestKind {
		return nil, fmt.Errorf("manifest: is not one of a smartbox platform (kind %q, version %d)", m.Kind, m.Version)
	}
	if err := CheckStamp(m.Stamp); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return m, m.checkFiles()
}

func (m *Manifest) checkFiles() error {
	seen := map[string]bool{}
	for _, f := range m.Files {
		switch {
		case f.Name == "" || f.Name != filepath.Base(f.Name) || strings.HasPrefix(f.Name, ".") || f.Name == ManifestFile || f.Name == SignatureFile:
			return fmt.Errorf("manifest: %q cannot be a file of an image", f.Name)
		case seen[f.Name]:
			return fmt.Errorf("manifest: %s is there twice", f.Name)
		case f.Size < 0 || f.Size > maxImageFile:
			return fmt.Errorf("manifest: %s cannot have %d bytes", f.Name, f.Size)
		case len(f.SHA256) != 2*sha256.Size:
			return fmt.Errorf("manifest: %s has no sha256", f.Name)
		}
		seen[f.Name] = true
	}
	if !seen[KernelFile] || !seen[InitramfsFile] {
		return fmt.Errorf("manifest: %s and %s must be in it", KernelFile, InitramfsFile)
	}
	return nil
}

// encode is the manifest as its file has it.
func (m *Manifest) encode() ([]byte, error) {
	data, err := json.MarshalIndent(m, "", "  ")
	return append(data, '\n'), err
}

// Copy copies one file's content and fails unless it is what the manifest says.
func (c Content) Copy(w io.Writer, r io.Reader) error {
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), io.LimitReader(r, c.Size+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", c.Name, err)
	case n > c.Size:
		return fmt.Errorf("%s: is longer than the %d bytes that its manifest says", c.Name, c.Size)
	case n < c.Size:
		return fmt.Errorf("%s: ends after %d of %d bytes", c.Name, n, c.Size)
	case hex.EncodeToString(sum.Sum(nil)) != c.SHA256:
		return fmt.Errorf("%s: is damaged: its sha256 is not what its manifest says", c.Name)
	}
	return nil
}

// describe is the Content of a file.
func describe(dir, name string) (Content, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return Content{}, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	return Content{Name: name, Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

// Verify checks that the image in a directory is whole and signed by one of
// keys.
func Verify(dir string, keys []Key) (*Manifest, error) {
	m, err := VerifyManifest(dir, keys)
	if err != nil {
		return nil, err
	}
	for _, c := range m.Files {
		f, err := os.Open(filepath.Join(dir, c.Name))
		if err != nil {
			return nil, err
		}
		err = c.Copy(io.Discard, f)
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}

// VerifyManifest is Verify without the files.
func VerifyManifest(dir string, keys []Key) (*Manifest, error) {
	data, err := os.ReadFile(filepath.Join(dir, ManifestFile))
	if err != nil {
		return nil, err
	}
	sig, err := os.ReadFile(filepath.Join(dir, SignatureFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrUnsigned
	}
	if err != nil {
		return nil, err
	}
	if err := CheckSignature(data, sig, keys); err != nil {
		return nil, err
	}
	return ParseManifest(data)
}
