package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// ISOReader reads files of an ISO 9660 image.
type ISOReader struct {
	r     io.ReaderAt
	files map[string]isoExtent
}

type isoExtent struct{ at, size int64 }

var errNotISO = errors.New("is no ISO 9660 image")

// Bounds of what is read: images of ours have two levels and a dozen files.
const (
	isoMaxDir   = 1 << 20
	isoMaxDepth = 4
	isoMaxFiles = 10000
)

// ReadISO reads the directories of an image.
func ReadISO(r io.ReaderAt) (*ISOReader, error) {
	pvd := make([]byte, isoSector)
	if _, err := r.ReadAt(pvd, isoPVD*isoSector); err != nil || string(pvd[:6]) != "\x01CD001" {
		return nil, errNotISO
	}
	i := &ISOReader{r: r, files: map[string]isoExtent{}}
	root := pvd[156:190]
	return i, i.walk("", extentOf(root), 0)
}

func extentOf(record []byte) isoExtent {
	le := binary.LittleEndian
	return isoExtent{int64(le.Uint32(record[2:])) * isoSector, int64(le.Uint32(record[10:]))}
}

// walk reads a directory and those below it.
func (i *ISOReader) walk(dir string, e isoExtent, depth int) error {
	if depth > isoMaxDepth || e.size > isoMaxDir || len(i.files) > isoMaxFiles {
		return fmt.Errorf("%w: its directories are too large or too deep", errNotISO)
	}
	b := make([]byte, e.size)
	if _, err := i.r.ReadAt(b, e.at); err != nil {
		return fmt.Errorf("%w: %w", errNotISO, err)
	}
	for at := 0; at < len(b); {
		n := int(b[at])
		if n == 0 { // the rest of a sector is empty
			at = align(at+1, isoSector)
			continue
		}
		if n < 34 || at+n > len(b) || 33+int(b[at+32]) > n {
			return fmt.Errorf("%w: a directory is damaged", errNotISO)
		}
		record := b[at : at+n]
		at += n
		name := string(record[33 : 33+int(record[32])])
		if name == "\x00" || name == "\x01" {
			continue
		}
		name, _, _ = strings.Cut(strings.ToLower(name), ";")
		if record[25]&2 != 0 {
			if err := i.walk(dir+name+"/", extentOf(record), depth+1); err != nil {
				return err
			}
			continue
		}
		i.files[dir+strings.TrimSuffix(name, ".")] = extentOf(record)
	}
	return nil
}

// Open is the content of a file, by its name in small letters.
func (i *ISOReader) Open(name string) (io.Reader, error) {
	e, ok := i.files[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w in the ISO image", name, os.ErrNotExist)
	}
	return io.NewSectionReader(i.r, e.at, e.size), nil
}

// Has reports whether the image has a file of that name.
func (i *ISOReader) Has(name string) bool {
	_, ok := i.files[name]
	return ok
}
