package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/smartbox-os/smartbox/internal/beneath"
)

// entry makes one file.
func (u *unpacker) entry(h *tar.Header) error {
	u.result.Entries++
	name, err := beneath.Clean(h.Name)
	if err != nil {
		return fmt.Errorf("archive entry %q %w", short(h.Name), err)
	}
	if err := u.make(h, name); err != nil {
		return fmt.Errorf("archive entry %q: %w", short(h.Name), err)
	}
	return nil
}

func (u *unpacker) make(h *tar.Header, name string) error {
	if name == "." && h.Typeflag != tar.TypeDir {
		return errors.New("the top of the image is not a directory")
	}
	switch h.Typeflag {
	case tar.TypeDir:
		u.dirs = append(u.dirs, dirTime{name, h.ModTime})
		return u.tree.Mkdir(name, u.attr(h))
	case tar.TypeReg, tar.TypeRegA, tar.TypeCont, tar.TypeGNUSparse: //nolint:staticcheck // TypeRegA is in old archives
		return u.file(h, name)
	case tar.TypeSymlink:
		if h.Linkname == "" || strings.ContainsRune(h.Linkname, 0) {
			return errors.New("the symbolic link has no target")
		}
		return u.tree.Symlink(h.Linkname, name, u.attr(h))
	case tar.TypeLink:
		old, err := beneath.Clean(h.Linkname)
		if err != nil {
			return fmt.Errorf("its hard link target %q %w", short(h.Linkname), err)
		}
		return u.tree.Link(old, name)
	case tar.TypeFifo:
		return u.tree.Fifo(name, u.attr(h))
	case tar.TypeChar, tar.TypeBlock:
		u.notes.devices++
		return nil
	}
	u.notes.unknown++
	return nil
}

func (u *unpacker) file(h *tar.Header, name string) error {
	u.result.Bytes += h.Size
	if err := u.limits.check(u.result.Bytes, u.raw.read()); err != nil {
		return err
	}
	f, err := u.tree.Create(name)
	if err != nil {
		return err
	}
	if err := u.copy(f, isSparse(h)); err != nil {
		f.Abandon()
		return err
	}
	return f.Finish(u.attr(h))
}

func (u *unpacker) copy(f *beneath.File, sparse bool) error {
	for {
		n, err := readFull(u.in, u.buf)
		if n > 0 {
			if err := u.write(f, u.buf[:n], sparse); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return tarError(err, "its data")
		}
		if err := u.ctx.Err(); err != nil {
			return err
		}
	}
}

const hole = 4096

// write leaves holes where a sparse file has them.
func (u *unpacker) write(f *beneath.File, p []byte, sparse bool) error {
	for sparse && len(p) > 0 {
		part := p[:min(len(p), hole)]
		if !bytes.Equal(part, zeros[:len(part)]) {
			if _, err := f.Write(part); err != nil {
				return err
			}
		} else {
			f.Skip(int64(len(part)))
		}
		p = p[len(part):]
	}
	_, err := f.Write(p)
	return err
}

var zeros [hole]byte

func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}
