package archive

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// ErrTooLarge says that the content is larger than an honest image's.
var ErrTooLarge = errors.New("expands beyond what is allowed")

var errRead = errors.New("read image file")

// Limits bound what a small file may grow into.
type Limits struct {
	Ratio int64 // bytes of content per byte of file
	Floor int64 // bytes that are allowed whatever the ratio
}

// DefaultLimits let real images through: gzip can't exceed 1032:1, and whole
// operating systems stay below 10:1.
func DefaultLimits() Limits { return Limits{Ratio: 200, Floor: 1 << 30} }

func (l Limits) allowed(read int64) int64 { return max(l.Floor, l.Ratio*read) }

func (l Limits) check(content, read int64) error {
	if content <= l.allowed(read) {
		return nil
	}
	return fmt.Errorf("%w: %d bytes of the file give more than %d bytes (ratio %d)", ErrTooLarge, read, l.allowed(read), l.Ratio)
}

// counter counts what is taken from the file, and marks the file's own read
// errors, which are no damage of its content.
type counter struct {
	r io.Reader
	n atomic.Int64 // the decompressor runs in another goroutine
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: %w", errRead, err)
	}
	return n, err
}

// limited counts the content against the bytes that it came from.
type limited struct {
	r      io.Reader
	n      int64
	in     *counter
	limits Limits
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.n += int64(n)
	if over := l.limits.check(l.n, l.in.n.Load()); over != nil {
		return 0, over
	}
	return n, err
}
