package kernel

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

const (
	arMagic   = "!<arch>\n"
	arHead    = 60
	maxMember = 2 << 30 // a package's data, packed
)

var errNotDeb = errors.New("is not a Debian package")

// debData is the data member of a Debian package, decompressed.
func debData(r io.Reader) (io.Reader, error) {
	magic := make([]byte, len(arMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != arMagic {
		return nil, errNotDeb
	}
	for {
		name, size, err := arMember(r)
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: it has no data", errNotDeb)
		}
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(name, "data.tar") {
			return decompressed(name, bufio.NewReaderSize(io.LimitReader(r, size), 1<<20))
		}
		if _, err := io.CopyN(io.Discard, r, size+size%2); err != nil {
			return nil, fmt.Errorf("%w: it ends inside of %s", errNotDeb, name)
		}
	}
}

// arMember reads the head of an ar archive's next member.
func arMember(r io.Reader) (name string, size int64, err error) {
	head := make([]byte, arHead)
	if _, err := io.ReadFull(r, head); err != nil {
		if err == io.EOF {
			return "", 0, io.EOF
		}
		return "", 0, fmt.Errorf("%w: it ends early", errNotDeb)
	}
	size, err = strconv.ParseInt(strings.TrimSpace(string(head[48:58])), 10, 64)
	if err != nil || size < 0 || size > maxMember || string(head[58:]) != "`\n" {
		return "", 0, fmt.Errorf("%w: a member's head is damaged", errNotDeb)
	}
	return strings.TrimSuffix(strings.TrimSpace(string(head[:16])), "/"), size, nil
}

func decompressed(name string, r io.Reader) (io.Reader, error) {
	switch path.Ext(name) {
	case ".tar":
		return r, nil
	case ".gz":
		return gzip.NewReader(r)
	case ".xz":
		return xz.NewReader(r)
	case ".zst":
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	}
	return nil, fmt.Errorf("%w: cannot unpack %s", errNotDeb, name)
}

// wanted is what of a package is unpacked: kernels and modules.
func wanted(name string) bool {
	name = strings.TrimPrefix(name, "usr/")
	return strings.HasPrefix(name, "boot/vmlinuz-") || strings.HasPrefix(name, "boot/config-") ||
		strings.HasPrefix(name, "lib/modules/")
}

// unpackDeb writes a kernel package's kernel and modules below dir.
func unpackDeb(r io.Reader, dir string) error {
	data, err := debData(r)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return untar(data, root)
}

func untar(data io.Reader, root *os.Root) error {
	for t := tar.NewReader(data); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
		if h.Typeflag != tar.TypeReg || !wanted(name) {
			continue
		}
		if err := put(root, filepath.FromSlash(name), h.Size, t); err != nil {
			return err
		}
	}
}

func put(root *os.Root, name string, size int64, r io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := io.CopyN(f, r, size); err != nil {
		f.Close()
		return fmt.Errorf("unpack %s: %w", name, err)
	}
	return f.Close()
}

// isDeb tells a package by its first bytes.
func isDeb(f io.ReaderAt) bool {
	b := make([]byte, len(arMagic))
	_, err := f.ReadAt(b, 0)
	return err == nil && bytes.Equal(b, []byte(arMagic))
}
