package zone

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/pkg/zone/console"
)

// ConsoleBusyError says that another process writes to a zone's console.
type ConsoleBusyError struct{ Pid string }

func (e *ConsoleBusyError) Error() string {
	return "console already in use by pid " + e.Pid
}

// ConsoleOptions say how to connect to a console.
type ConsoleOptions struct {
	ReadOnly  bool
	UntilHalt bool // end when the zone goes down, instead of waiting for it
}

// consoleWait is how often a zone that is down is looked for.
const consoleWait = 100 * time.Millisecond

// Console connects to a zone's console, from state installed on and across
// halts and boots, until the connection is closed or the zone is deleted. One
// may write (ConsoleBusyError), many may read. What is typed while the zone is
// down is lost.
func (h *Host) Console(ctx context.Context, name string, o ConsoleOptions) (io.ReadWriteCloser, error) {
	s, err := h.Status(name)
	if err != nil {
		return nil, err
	}
	if s.State == Configured || s.State == Incomplete {
		return nil, &StateError{"console", name, s.State}
	}
	ctx, cancel := context.WithCancel(ctx)
	l := &consoleLine{h: h, name: name, o: o, ctx: ctx, cancel: cancel}
	switch err := l.dial(""); {
	case err == nil, errors.Is(err, errNoConsole) && !o.UntilHalt:
		context.AfterFunc(ctx, l.drop)
		return l, nil
	case errors.Is(err, errNoConsole):
		err = &StateError{"console", name, s.State}
		fallthrough
	default:
		cancel()
		return nil, err
	}
}

// ResizeConsole tells the console's terminal the size of the window that it is
// shown in.
func (h *Host) ResizeConsole(ctx context.Context, name string, rows, cols uint16) error {
	return h.ask(ctx, name, Request{Op: OpResize, Rows: rows, Cols: cols})
}

// consoleLine is a connection that comes back.
type consoleLine struct {
	h      *Host
	name   string
	o      ConsoleOptions
	ctx    context.Context
	cancel context.CancelFunc

	mu   sync.Mutex
	conn net.Conn // nil while the zone is down
	in   io.Reader
}

var errNoConsole = errors.New("the zone has no console now")

// dial connects and says who we are, and with replay that we want what we
// missed.
func (l *consoleLine) dial(replay string) error {
	conn, err := host.DialUnix(l.h.runDir(l.name), console.Socket)
	if err != nil {
		return errNoConsole
	}
	word := console.Write
	if l.o.ReadOnly {
		word = console.Read
	}
	in := bufio.NewReader(conn)
	if err := greet(conn, in, word+replay); err != nil {
		conn.Close()
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		conn.Close()
		return l.ctx.Err()
	}
	l.conn, l.in = conn, in
	return nil
}

func greet(conn net.Conn, in *bufio.Reader, word string) error {
	if _, err := fmt.Fprintln(conn, word); err != nil {
		return errNoConsole
	}
	answer, err := in.ReadString('\n')
	if err != nil {
		return errNoConsole
	}
	said, pid, _ := strings.Cut(strings.TrimSpace(answer), " ")
	switch said {
	case console.OK:
		return nil
	case console.Busy:
		return &ConsoleBusyError{pid}
	}
	return fmt.Errorf("zone console: unexpected answer %q", answer)
}

// Read implements io.Reader. It ends when the line is closed.
func (l *consoleLine) Read(p []byte) (int, error) {
	for {
		l.mu.Lock()
		in := l.in
		l.mu.Unlock()
		if in != nil {
			n, err := in.Read(p)
			if n > 0 || err == nil {
				return n, nil
			}
			l.drop()
			if l.o.UntilHalt {
				return 0, io.EOF
			}
		}
		if err := l.reconnect(); err != nil {
			return 0, err
		}
	}
}

// reconnect waits for the zone to have a console again, which is a new one: all
// of it is news.
func (l *consoleLine) reconnect() error {
	for {
		err := l.dial(" " + console.Replay)
		if !errors.Is(err, errNoConsole) || l.ctx.Err() != nil {
			if l.ctx.Err() != nil {
				return io.EOF
			}
			return err
		}
		if _, err := l.h.Load(l.name); errors.Is(err, ErrNotFound) {
			return io.EOF
		}
		select {
		case <-l.ctx.Done():
			return io.EOF
		case <-time.After(consoleWait):
		}
	}
}

// Write implements io.Writer.
func (l *consoleLine) Write(p []byte) (int, error) {
	l.mu.Lock()
	conn := l.conn
	l.mu.Unlock()
	if l.ctx.Err() != nil {
		return 0, net.ErrClosed
	}
	if conn != nil {
		conn.Write(p) //nolint:errcheck // the reader sees the end of the connection
	}
	return len(p), nil
}

// Close ends the connection for good.
func (l *consoleLine) Close() error {
	l.cancel()
	l.drop()
	return nil
}

func (l *consoleLine) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.Close()
	}
	l.conn, l.in = nil, nil
}
