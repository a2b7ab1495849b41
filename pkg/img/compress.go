package img

import (
	"bufio"
	"crypto/sha1" //nolint:gosec // what manifests carry
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// endings of an image's file by its compression.
var endings = map[string]string{"": "", "none": "", "gzip": ".gz", "xz": ".xz", "zstd": ".zst"}

// writeCompressed writes a file, whole or not at all, and returns what a
// manifest says of it.
func writeCompressed(path, compression string, fill func(io.Writer) error) (manifest.File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".tmp")
	if err != nil {
		return manifest.File{}, err
	}
	defer os.Remove(f.Name()) // gone by then, if all went well
	defer f.Close()
	one := sha1.New() //nolint:gosec // what manifests carry
	counted := &countingWriter{w: f, sum: one}
	buffered := bufio.NewWriterSize(counted, 1<<20)
	w, err := compressor(buffered, compression)
	if err != nil {
		return manifest.File{}, err
	}
	if err := errors.Join(fill(w), w.Close()); err != nil {
		return manifest.File{}, err
	}
	if err := errors.Join(buffered.Flush(), f.Chmod(0o644), f.Sync()); err != nil {
		return manifest.File{}, err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return manifest.File{}, err
	}
	if compression == "" {
		compression = "none"
	}
	return manifest.File{SHA1: sum(one), Size: counted.n, Compression: compression}, atomicfile.SyncDir(filepath.Dir(path))
}

type countingWriter struct {
	w   io.Writer
	sum hash.Hash
	n   int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.sum.Write(p[:n])
	c.n += int64(n)
	return n, err
}

func compressor(w io.Writer, name string) (io.WriteCloser, error) {
	switch name {
	case "gzip":
		return gzip.NewWriter(w), nil
	case "xz":
		return xz.NewWriter(w)
	case "zstd":
		return zstd.NewWriter(w)
	}
	return plain{w}, nil
}

// plain compresses nothing.
type plain struct{ io.Writer }

func (plain) Close() error { return nil }
