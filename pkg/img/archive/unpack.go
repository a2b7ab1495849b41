package archive

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/smartbox-os/smartbox/internal/beneath"
)

// Result is what an archive held.
type Result struct {
	Entries int64
	Bytes   int64    // of regular files, holes included
	Notes   []string // what was left out or changed, a sentence each
}

// Unpack makes the files of a root archive below dir, which only root may
// enter: what it makes may be setuid. Numeric owners are kept. On an error dir
// holds a part, which is the caller's to remove.
//
// An entry that would leave dir is an error, not a skip: its author meant harm
// or the archive is broken, and neither is an image.
func Unpack(ctx context.Context, c *Content, dir string, limits Limits) (Result, error) {
	tree, err := beneath.Open(dir)
	if err != nil {
		return Result{}, err
	}
	defer tree.Close()
	u := &unpacker{ctx: ctx, tree: tree, in: tar.NewReader(c), limits: limits, raw: c, buf: make([]byte, chunkSize)}
	if err := u.all(); err != nil {
		return Result{}, err
	}
	if u.result.Entries == 0 {
		return Result{}, fmt.Errorf("%w: the archive has no entries", ErrFormat)
	}
	if err := u.touchDirs(); err != nil {
		return Result{}, err
	}
	u.result.Notes = u.notes.sentences()
	return u.result, nil
}

type unpacker struct {
	ctx    context.Context
	tree   *beneath.Tree
	in     *tar.Reader
	raw    *Content
	limits Limits
	buf    []byte
	result Result
	notes  notes
	dirs   []dirTime
}

// dirTime waits until everything is made, since making changes times.
type dirTime struct {
	name  string
	mtime time.Time
}

func (u *unpacker) all() error {
	last := "its first entry"
	for {
		if err := u.ctx.Err(); err != nil {
			return err
		}
		h, err := u.in.Next()
		if errors.Is(err, io.EOF) {
			// Padding behind the end belongs to the file's checksum.
			_, err = io.CopyBuffer(io.Discard, onlyReader{u.raw}, u.buf)
			return err
		}
		if err != nil {
			return tarError(err, last)
		}
		if err := u.entry(h); err != nil {
			return err
		}
		last = fmt.Sprintf("entry %q", short(h.Name))
	}
}

// onlyReader hides other methods, so that CopyBuffer uses the buffer.
type onlyReader struct{ io.Reader }

func tarError(err error, where string) error {
	switch {
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrTooLarge), errors.Is(err, errRead):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: the archive ends in the middle, at or after %s", ErrDamaged, where)
	}
	return fmt.Errorf("%w: bad archive header after %s: %w", ErrDamaged, where, err)
}

func (u *unpacker) touchDirs() error {
	for _, d := range slices.Backward(u.dirs) {
		if err := u.tree.Touch(d.name, d.mtime); err != nil {
			return err
		}
	}
	return nil
}

// short keeps hostile names from flooding a message.
func short(name string) string {
	const most = 200
	if len(name) > most {
		return name[:most] + "..."
	}
	return name
}
