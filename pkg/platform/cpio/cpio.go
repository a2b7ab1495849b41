// Package cpio writes archives in the newc format, the one the kernel unpacks
// as its initramfs. The same entries give the same bytes: times are zero,
// owners are root, inodes are counted. It reads nothing.
package cpio

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// Entry is a file, directory, symbolic link or device of an archive.
type Entry struct {
	Name  string // without a leading slash
	Mode  fs.FileMode
	Size  int64
	Major uint32 // of a device
	Minor uint32
}

// Writer writes an archive; parents of an entry are made as they are needed.
type Writer struct {
	w     io.Writer
	inode uint32
	seen  map[string]bool
}

// NewWriter starts an archive.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w, seen: map[string]bool{}} }

// Dir adds a directory, and its parents.
func (w *Writer) Dir(name string, perm fs.FileMode) error {
	name = clean(name)
	if name == "" || w.seen[name] {
		return nil
	}
	if err := w.parents(name); err != nil {
		return err
	}
	w.seen[name] = true
	return w.entry(Entry{Name: name, Mode: perm | fs.ModeDir}, nil)
}

// File adds a file of size bytes from r.
func (w *Writer) File(name string, perm fs.FileMode, size int64, r io.Reader) error {
	return w.add(Entry{Name: name, Mode: perm, Size: size}, r)
}

// Bytes adds a file.
func (w *Writer) Bytes(name string, perm fs.FileMode, content string) error {
	return w.File(name, perm, int64(len(content)), strings.NewReader(content))
}

// Symlink adds a symbolic link.
func (w *Writer) Symlink(name, target string) error {
	return w.add(Entry{Name: name, Mode: fs.ModeSymlink | 0o777, Size: int64(len(target))}, strings.NewReader(target))
}

// CharDevice adds a character device.
func (w *Writer) CharDevice(name string, perm fs.FileMode, major, minor uint32) error {
	return w.add(Entry{Name: name, Mode: perm | fs.ModeDevice | fs.ModeCharDevice, Major: major, Minor: minor}, nil)
}

// Close ends the archive; it does not close what it writes to.
func (w *Writer) Close() error {
	return w.entry(Entry{Name: "TRAILER!!!"}, nil)
}

func (w *Writer) add(e Entry, r io.Reader) error {
	e.Name = clean(e.Name)
	if e.Name == "" {
		return fmt.Errorf("cpio: an entry without a name")
	}
	if w.seen[e.Name] {
		return fmt.Errorf("cpio: %s: is there twice", e.Name)
	}
	if err := w.parents(e.Name); err != nil {
		return err
	}
	w.seen[e.Name] = true
	return w.entry(e, r)
}

func (w *Writer) parents(name string) error {
	if dir := path.Dir(name); dir != "." {
		return w.Dir(dir, 0o755)
	}
	return nil
}

func (w *Writer) entry(e Entry, r io.Reader) error {
	w.inode++
	if e.Size < 0 || e.Size > 0xffffffff {
		return fmt.Errorf("cpio: %s: %d bytes are more than the format holds", e.Name, e.Size)
	}
	links := 1
	if e.Mode.IsDir() {
		links = 2
	}
	head := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		w.inode, mode(e.Mode), 0, 0, links, 0, e.Size, 0, 0, e.Major, e.Minor, len(e.Name)+1, 0, e.Name)
	if _, err := io.WriteString(w.w, head+zeros(len(head))); err != nil {
		return err
	}
	if e.Size == 0 || r == nil {
		return nil
	}
	n, err := io.CopyN(w.w, r, e.Size)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("cpio: %s: ended after %d of %d bytes", e.Name, n, e.Size)
	}
	if err != nil {
		return fmt.Errorf("cpio: %s: %w", e.Name, err)
	}
	_, err = io.WriteString(w.w, zeros(int(e.Size%4)))
	return err
}

func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// zeros brings n to a multiple of four.
func zeros(n int) string { return "\x00\x00\x00"[:(4-n%4)%4] }

func mode(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	switch {
	case m.IsDir():
		bits |= unix.S_IFDIR
	case m&fs.ModeSymlink != 0:
		bits |= unix.S_IFLNK
	case m&fs.ModeCharDevice != 0:
		bits |= unix.S_IFCHR
	case m&fs.ModeDevice != 0:
		bits |= unix.S_IFBLK
	case bits != 0:
		bits |= unix.S_IFREG
	}
	if m&fs.ModeSticky != 0 {
		bits |= unix.S_ISVTX
	}
	return bits
}
