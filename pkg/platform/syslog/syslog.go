package syslog

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// Bounds of what is kept.
const (
	maxMessage = 8 << 10
	maxHeld    = 1000    // messages in memory
	maxFile    = 1 << 20 // bytes of a file
	keepFiles  = 4       // older ones: NAME.0 is the latest
)

// Log collects messages.
type Log struct {
	now  func() time.Time
	host func() string

	mu      sync.Mutex
	held    []string
	lost    int // of those that were held
	name    string
	file    *os.File
	size    int64
	sockets []net.PacketConn
	kernel  *os.File
}

// New is a log that holds messages in memory.
func New() *Log {
	return &Log{now: time.Now, host: func() string {
		name, err := os.Hostname()
		if err != nil {
			return "localhost"
		}
		return name
	}}
}

// Listen takes messages from a socket, which is made, until Close.
func (l *Log) Listen(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	s, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return errors.Join(err, s.Close())
	}
	l.mu.Lock()
	l.sockets = append(l.sockets, s)
	l.mu.Unlock()
	go func() {
		buf := make([]byte, maxMessage)
		for {
			n, _, err := s.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				l.Add(Text(string(buf[:n])))
			}
		}
	}()
	return nil
}

// Add writes one message, TAG: TEXT.
func (l *Log) Add(text string) {
	if text == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	line := fmt.Sprintf("%s %s %s\n", l.now().UTC().Format(time.Stamp), l.host(), text)
	if l.file == nil {
		l.hold(line)
		return
	}
	// A full or failing disk must not stop who logs: it goes on in memory.
	if err := l.write(line); err != nil {
		l.hold(line)
	}
}

func (l *Log) hold(line string) {
	if len(l.held) == maxHeld {
		l.held = l.held[1:]
		l.lost++
	}
	l.held = append(l.held, line)
}

// Keep goes on in a file, beginning with what was held.
func (l *Log) Keep(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.name = name
	if err := l.open(); err != nil {
		return err
	}
	if l.lost > 0 {
		l.held = append([]string{fmt.Sprintf("%s %s syslog: %d messages before were lost\n", l.now().UTC().Format(time.Stamp), l.host(), l.lost)}, l.held...)
	}
	for _, line := range l.held {
		if err := l.write(line); err != nil {
			return err
		}
	}
	l.held, l.lost = nil, 0
	return nil
}

func (l *Log) open() error {
	f, err := os.OpenFile(l.name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	fi, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.file, l.size = f, fi.Size()
	return nil
}

func (l *Log) write(line string) error {
	if l.size > 0 && l.size+int64(len(line)) > maxFile {
		if err := l.turn(); err != nil {
			return err
		}
	}
	n, err := l.file.WriteString(line)
	l.size += int64(n)
	return err
}

// turn puts the file away and begins another.
func (l *Log) turn() error {
	err := l.file.Close()
	for n := keepFiles - 1; n > 0; n-- {
		if e := os.Rename(fmt.Sprintf("%s.%d", l.name, n-1), fmt.Sprintf("%s.%d", l.name, n)); !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return errors.Join(err, os.Rename(l.name, l.name+".0"), l.open())
}

// Release closes the file, for its file system is to go; what is said from then
// on is held in memory again.
func (l *Log) Release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	f := l.file
	l.file = nil
	return errors.Join(f.Sync(), f.Close())
}

// Close ends listening and the file.
func (l *Log) Close() error {
	l.mu.Lock()
	var errs []error
	for _, s := range l.sockets {
		errs = append(errs, s.Close())
	}
	if l.kernel != nil {
		errs = append(errs, l.kernel.Close())
	}
	l.sockets, l.kernel = nil, nil
	l.mu.Unlock()
	return errors.Join(append(errs, l.Release())...)
}

// Text is a message as syslog(3) sends it, <PRIORITY>DATE TAG: TEXT, without
// what the log writes itself, on one line and without what a terminal obeys.
func Text(message string) string {
	message = strings.TrimRight(message, "\n\x00")
	if rest, ok := strings.CutPrefix(message, "<"); ok {
		if pri, after, ok := strings.Cut(rest, ">"); ok && len(pri) <= 3 && strings.Trim(pri, "0123456789") == "" {
			message = after
		}
	}
	if len(message) > len(time.Stamp) && message[len(time.Stamp)] == ' ' {
		if _, err := time.Parse(time.Stamp, message[:len(time.Stamp)]); err == nil {
			message = message[len(time.Stamp)+1:]
		}
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, message)
}
