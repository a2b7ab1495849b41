package platform

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Image is what Build makes of a Spec.
type Image struct {
	Spec
	Stamp    string
	Profile  string
	Version  string // of smartbox
	Signer   *Signer
	Trust    []Key // beside the signer's own, to be trusted by the running image
	Progress func(what string)
}

// Places in the running system.
const (
	KeysDir   = "/etc/smartbox/platform-keys"
	StampFile = "/etc/smartbox/platform"
)

// Build writes the image into dir, which must not be there: whole or not at all.
func (b *Image) Build(dir string) (*Manifest, error) {
	if err := CheckStamp(b.Stamp); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(dir); err == nil {
		return nil, fmt.Errorf("%s: is there already", dir)
	}
	if err := b.identify(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	part, err := os.MkdirTemp(filepath.Dir(dir), ".platform-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(part)
	if err := os.Chmod(part, 0o755); err != nil {
		return nil, err
	}
	m, err := b.write(part)
	if err != nil {
		return nil, err
	}
	return m, os.Rename(part, dir)
}

// identify adds what the running system must know of itself.
func (b *Image) identify() error {
	b.Files = append(b.Files, File{Name: StampFile, Mode: 0o644, Content: b.Stamp + "\n"})
	for _, k := range append([]Key{b.Signer.Public()}, b.Trust...) {
		data, err := k.PEM()
		if err != nil {
			return err
		}
		b.Files = append(b.Files, File{Name: filepath.Join(KeysDir, k.ID()+".pub"), Mode: 0o644, Content: string(data)})
	}
	return nil
}

func (b *Image) write(dir string) (*Manifest, error) {
	b.say("packing modules and programs")
	if err := create(filepath.Join(dir, InitramfsFile), b.Initramfs); err != nil {
		return nil, err
	}
	b.say("copying the kernel")
	err := create(filepath.Join(dir, KernelFile), func(w io.Writer) error { return copyFile(w, b.Kernel.Image) })
	if err != nil {
		return nil, err
	}
	b.say("signing")
	return Seal(dir, Manifest{Stamp: b.Stamp, Release: b.Kernel.Release, Smartbox: b.Version, Profile: b.Profile}, b.Signer)
}

// Seal adds the manifest of the files in dir, a kernel and an initramfs, and
// its signature.
func Seal(dir string, m Manifest, signer *Signer) (*Manifest, error) {
	m.Version, m.Kind = 1, manifestKind
	for _, name := range []string{KernelFile, InitramfsFile} {
		c, err := describe(dir, name)
		if err != nil {
			return nil, err
		}
		m.Files = append(m.Files, c)
	}
	data, err := m.encode()
	if err != nil {
		return nil, err
	}
	sig, err := signer.sign(data)
	if err != nil {
		return nil, err
	}
	return &m, errors.Join(
		writeNew(filepath.Join(dir, ManifestFile), 0o644, data),
		writeNew(filepath.Join(dir, SignatureFile), 0o644, sig))
}

func (b *Image) say(what string) {
	if b.Progress != nil {
		b.Progress(what)
	}
}

func create(name string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(fill(f), f.Close())
}

func copyFile(w io.Writer, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}
