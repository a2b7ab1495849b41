package img

import (
	"crypto/sha1" //nolint:gosec // what manifests carry
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// sums counts and sums the bytes of an image file and compares them with its
// manifest.
type sums struct {
	want     manifest.File
	n        int64
	one, two hash.Hash // nil when the manifest does not give it
}

func newSums(want manifest.File) *sums {
	s := &sums{want: want}
	s.reset()
	return s
}

func (s *sums) reset() {
	s.n = 0
	if s.want.SHA1 != "" {
		s.one = sha1.New() //nolint:gosec // what manifests carry
	}
	if s.want.SHA256 != "" {
		s.two = sha256.New()
	}
}

// Write takes the next bytes; more than the manifest declares is an error.
func (s *sums) Write(p []byte) (int, error) {
	s.n += int64(len(p))
	if s.n > s.want.Size {
		return 0, fmt.Errorf("the file is longer than the %d bytes that the manifest declares", s.want.Size)
	}
	if s.one != nil {
		s.one.Write(p)
	}
	if s.two != nil {
		s.two.Write(p)
	}
	return len(p), nil
}

// check compares at the end.
func (s *sums) check() error {
	switch {
	case s.n != s.want.Size:
		return fmt.Errorf("the file has %d bytes, the manifest declares %d", s.n, s.want.Size)
	case s.one != nil && sum(s.one) != s.want.SHA1:
		return fmt.Errorf("the file's sha1 is %s, the manifest declares %s", sum(s.one), s.want.SHA1)
	case s.two != nil && sum(s.two) != s.want.SHA256:
		return fmt.Errorf("the file's sha256 is %s, the manifest declares %s", sum(s.two), s.want.SHA256)
	}
	return nil
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// reader passes bytes on and sums them on the way.
func (s *sums) reader(r io.Reader) io.Reader { return io.TeeReader(r, s) }
