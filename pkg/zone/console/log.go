package console

import (
	"bytes"
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

// stamp begins each line with the time.
func (l *logFile) stamp(p []byte) []byte {
	var out []byte
	now := time.Now().UTC().AppendFormat(nil, "2006-01-02T15:04:05.000Z ")
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
	l.size, err = f.Seek(0, 2)
	return err
}

func (l *logFile) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		l.f.Close()
	}
	return l.err
}
