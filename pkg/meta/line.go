package meta

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// errTooLong says that a line was longer than allowed; its rest has been read
// away, so the next line can be read.
var errTooLong = errors.New("line too long")

// lines reads lines of bounded length. Up to small bytes are always kept; more,
// up to most, only while grant lends the room, which is given back by free.
type lines struct {
	r     *bufio.Reader
	small int
	most  int
	grant func() bool
	lent  bool
}

func newLines(r io.Reader, small, most int, grant func() bool) *lines {
	return &lines{r: bufio.NewReaderSize(r, 512), small: small, most: most, grant: grant}
}

// next returns the next line without its line feed. A last line without a line
// feed was cut off: it is not returned.
func (l *lines) next() (string, error) {
	var line []byte
	for {
		part, err := l.r.ReadSlice('\n')
		if !l.room(len(line) + len(part)) {
			return "", l.skip(err)
		}
		line = append(line, part...)
		if err == nil {
			return strings.TrimSuffix(string(line), "\n"), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
	}
}

func (l *lines) room(n int) bool {
	if n <= l.small {
		return true
	}
	if n > l.most {
		return false
	}
	if !l.lent {
		l.lent = l.grant()
	}
	return l.lent
}

// skip reads to the end of the line whose last read ended with err.
func (l *lines) skip(err error) error {
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = l.r.ReadSlice('\n')
	}
	if err != nil {
		return err
	}
	return errTooLong
}
