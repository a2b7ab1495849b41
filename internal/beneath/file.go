package beneath

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// File is a regular file being made. It writes past the runtime's poller:
// unpacking makes many thousands of them.
type File struct {
	fd, at int
	base   string
	name   string
	size   int64 // where the next byte goes
}

// Write appends.
func (f *File) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := unix.Pwrite(f.fd, p[done:], f.size)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return done, wrap(f.name, err)
		}
		done += n
		f.size += int64(n)
	}
	return done, nil
}

// Skip leaves a hole of n bytes.
func (f *File) Skip(n int64) { f.size += n }

// Finish sets the length (a hole may be last) and the attributes, and closes.
func (f *File) Finish(a Attr) error {
	defer unix.Close(f.fd)
	if err := unix.Ftruncate(f.fd, f.size); err != nil {
		return wrap(f.name, err)
	}
	if err := setAttr(f.fd, a); err != nil {
		return wrap(f.name, err)
	}
	return wrap(f.name, touch(f.at, f.base, a.MTime))
}

// Abandon closes without finishing.
func (f *File) Abandon() { unix.Close(f.fd) }

// Read opens a regular file for reading as a process inside would see it:
// symbolic links are followed, absolute ones from the tree's top. Anything but
// a regular file is refused before it is opened.
func (t *Tree) Read(name string) (*os.File, error) {
	probe, err := openat2(t.root, name, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: inside})
	if err != nil {
		return nil, wrap(name, err)
	}
	defer unix.Close(probe)
	var st unix.Stat_t
	if err := unix.Fstat(probe, &st); err != nil {
		return nil, wrap(name, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, fmt.Errorf("%q is not a regular file", name)
	}
	fd, err := openat2(t.root, name, &unix.OpenHow{
		Flags: unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC, Resolve: inside,
	})
	if err != nil {
		return nil, wrap(name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

const inside = unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV

var _ io.Writer = (*File)(nil)
