package console

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// maxLog is the size at which a log is put aside as .0; the older one goes.
const maxLog = 1 << 20

// logFile is opened when the first byte comes. A log that cannot be written
// must not stop a zone, so its errors wait for close.
type logFile struct {
	path string

	mu     sync.Mutex
	f      *os.File
	size   int64
	inLine bool
	err    error
}

func (l *logFile) write(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil || l.path == "" {
		return
	}
	if l.f == nil || l.size > maxLog && !l.inLine {
		if l.err = l.open(); l.err != nil {
			return
		}
	}
	n, err := l.f.Write(l.stamp(p))
	l.size += int64(n)
	l.err = err
}

const stampLayout = "2006-01-02T15:04:05.000Z "

// stamp begins each line with the time.
func (l *logFile) stamp(p []byte) []byte {
	var out []byte
	now := time.Now().UTC().AppendFormat(nil, stampLayout)
	for line := range bytes.Lines(p) {
		if !l.inLine {
			out = append(out, now...)
		}
		text := bytes.TrimSuffix(line, []byte("\n"))
		l.inLine = len(text) == len(line)
		out = append(out, bytes.TrimRight(text, "\r")...)
		if !l.inLine {
			out = append(out, '\n')
		}
	}
	return out
}

func (l *logFile) open() error {
	if l.f != nil {
		if err := l.f.Close(); err != nil {
			return err
		}
	}
	if st, err := os.Lstat(l.path); err == nil && st.Size() > maxLog {
		if err := os.Rename(l.path, l.path+".0"); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	l.f = f
	l.size, err = f.Seek(0, io.SeekEnd)
	if err == nil && l.size > 0 {
		l.inLine, err = inLine(l.path, l.size)
	}
	return err
}

// inLine reports whether the last line of a log has no end yet.
func inLine(path string, size int64) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var last [1]byte
	_, err = f.ReadAt(last[:], size-1)
	return last[0] != '\n', err
}

// Size is the position in a log at which the next byte will be.
func Size(log string) int64 {
	st, err := os.Lstat(log)
	if err != nil || st.Size() > maxLog { // it is put aside then
		return 0
	}
	return st.Size()
}

// recall reads back what was printed from a position in the log on, or the end
// of it. It is for people: returns that the log left out are put in again.
func recall(log string, since int64) []byte {
	f, err := os.OpenFile(log, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil // nothing was printed yet
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size <= since {
		return nil
	}
	from := max(since, size-ringSize)
	text := make([]byte, size-from)
	n, err := f.ReadAt(text, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	var out []byte
	for line := range bytes.Lines(text[:n]) {
		line = unstamp(line)
		whole := bytes.TrimSuffix(line, []byte("\n"))
		out = append(out, whole...)
		if len(whole) < len(line) {
			out = append(out, "\r\n"...)
		}
	}
	return out
}

func unstamp(line []byte) []byte {
	if len(line) < len(stampLayout) {
		return line
	}
	if _, err := time.Parse(stampLayout, string(line[:len(stampLayout)])); err != nil {
		return line
	}
	return line[len(stampLayout):]
}

func (l *logFile) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		l.f.Close()
		l.f = nil
	}
	return l.err
}
