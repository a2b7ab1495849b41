package platform

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Key is a public key whose signatures are trusted.
type Key ed25519.PublicKey

// ErrUnsigned and ErrUntrusted say why an image is refused.
var (
	ErrUnsigned  = errors.New("the image is not signed")
	ErrUntrusted = errors.New("the image is signed by nobody who is trusted here")
)

// ID is a short name of a key.
func (k Key) ID() string {
	sum := sha256.Sum256(k)
	return hex.EncodeToString(sum[:8])
}

// PEM is the key as its file has it.
func (k Key) PEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(k))
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// ParseKey reads a public key.
func ParseKey(data []byte) (Key, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New("is not a public key in PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	pub, ok := key.(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("is not an ed25519 key")
	}
	return Key(pub), nil
}

// Keys reads the public keys (*.pub) in directories; one that is not there has
// none.
func Keys(dirs ...string) ([]Key, error) {
	var all []Key
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.pub"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			key, err := ParseKey(data)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			all = append(all, key)
		}
	}
	return all, nil
}

// Signer signs manifests.
type Signer struct{ key ed25519.PrivateKey }

// Public is the key that checks what s signs.
func (s *Signer) Public() Key { return Key(s.key.Public().(ed25519.PublicKey)) }

// LoadSigner reads a private key.
func LoadSigner(file string) (*Signer, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%s: is not a private key in PEM", file)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: is not an ed25519 key", file)
	}
	return &Signer{private}, nil
}

// NewSigner makes a key pair: file, and file with .pub for the public key. A
// key that is there is never replaced.
func NewSigner(file string) (*Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	s := &Signer{private}
	public, err := s.Public().PEM()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	if err := writeNew(file, 0o600, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return nil, err
	}
	return s, os.WriteFile(file+".pub", public, 0o644)
}

func writeNew(file string, perm os.FileMode, data []byte) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// sign is the content of a signature's file: the key's id and the signature.
func (s *Signer) sign(data []byte) ([]byte, error) {
	sig, err := s.key.Sign(rand.Reader, data, crypto.Hash(0))
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%s %s\n", s.Public().ID(), base64.StdEncoding.EncodeToString(sig)), nil
}

// CheckSignature says whether one of keys signed data.
func CheckSignature(data, sig []byte, keys []Key) error {
	id, encoded, _ := strings.Cut(strings.TrimSpace(string(sig)), " ")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) != ed25519.SignatureSize {
		return errors.New("the image's signature is damaged")
	}
	i := slices.IndexFunc(keys, func(k Key) bool { return k.ID() == id })
	if i < 0 {
		return fmt.Errorf("%w (key %.16q)", ErrUntrusted, id)
	}
	if !ed25519.Verify(ed25519.PublicKey(keys[i]), data, raw) {
		return fmt.Errorf("the image's manifest was changed after key %s signed it", id)
	}
	return nil
}
