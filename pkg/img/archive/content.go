// Package archive turns an image file into what it holds: it finds out by the
// bytes how the file is compressed and what is inside, and unpacks root
// archives into a directory that they cannot leave. It never looks at file
// names or at what a manifest claims.
package archive

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Kind is what an image file holds below its compression.
type Kind int

// The kinds that images come in.
const (
	Tar Kind = iota + 1
	ZFS      // a ZFS send stream
)

// ErrFormat says that the bytes are no image file; the message says what they
// look like.
var ErrFormat = errors.New("not an image file")

// ErrDamaged says that an image file's content is broken or ends early.
var ErrDamaged = errors.New("damaged")

// Content is an opened image file.
type Content struct {
	Kind        Kind
	Compression string // none, gzip, bzip2, xz, zstd
	r           io.Reader
	in          *counter
	ahead       *ahead
}

// peek is how much of the start is looked at: a tar header and the ISO mark
// that lies furthest back among the things people pick by mistake.
const peek = 64 << 10

// Open looks at the start of an image file and prepares to read its content.
// Reading runs ahead in a goroutine until Close, which does not close r.
func Open(r io.Reader, limits Limits) (*Content, error) {
	in := &counter{r: r}
	buf := bufio.NewReaderSize(in, peek)
	start, err := buf.Peek(peek)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(start) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrFormat)
	}
	c := &Content{Compression: compressionOf(start), in: in}
	plain, err := decompress(c.Compression, buf)
	if err != nil {
		return nil, damaged(c.Compression, err)
	}
	c.ahead = startAhead(plain)
	out := bufio.NewReaderSize(&limited{r: c.ahead, in: in, limits: limits}, peek)
	c.r = out
	start, err = out.Peek(peek)
	if err != nil && !errors.Is(err, io.EOF) {
		c.Close()
		return nil, damaged(c.Compression, err)
	}
	if c.Kind, err = kindOf(start, c.Compression); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Read reads the content without its compression.
func (c *Content) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(c.Compression, err)
	}
	return n, err
}

// read is how much of the file was needed so far.
func (c *Content) read() int64 { return c.in.n.Load() }

// Close stops the reading ahead.
func (c *Content) Close() error { return c.ahead.Close() }

func damaged(compression string, err error) error {
	if errors.Is(err, errRead) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrDamaged) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: it ends in the middle of its %s data", ErrDamaged, compression)
	}
	return fmt.Errorf("%w %s data: %w", ErrDamaged, compression, err)
}
