// Package console serves a zone's console: one terminal, a log with times, any
// number that read and one that writes.
//
// A client connects to console.sock in the zone's run directory and sends one
// line, "read" or "write", either followed by " replay" when it wants what was
// printed before it came. The answer is "ok", or "busy PID" when another one
// writes. From then on the connection carries the bytes of the terminal. It
// lasts over reboots of the zone and ends when the zone is down; the socket is
// there as long as the zone is.
package console

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
)

// Socket is the name of the server's socket in a zone's run directory.
const Socket = "console.sock"

// The client's first words and the server's answers.
const (
	Read   = "read"
	Write  = "write"
	Replay = "replay"
	OK     = "ok"
	Busy   = "busy"
)

// What a console is told of its zone.
const (
	Booting   = "Zone booting up"
	Rebooting = "Zone rebooting"
	Halted    = "Zone halted"
)

const (
	maxHello  = 64 // bytes of the first line
	helloTime = 5 * time.Second
	lastWords = time.Second // for clients to take the rest when it ends
)

// Server is the console of one zone, over all its boots.
type Server struct {
	listener *net.UnixListener
	log      *logFile

	clients, pumping, accepting sync.WaitGroup

	mu     sync.Mutex
	moved  *sync.Cond // ring, closed or frozen changed
	ring   ring
	master *os.File
	writer int // pid of the client that writes, 0 for none
	conns  map[*net.UnixConn]struct{}
	closed bool
	frozen bool
	kept   []Client  // by Freeze
	last   time.Time // something was printed, or a client went
}

// Client is a connection that one server leaves to the next.
type Client struct {
	Conn   *net.UnixConn
	Writes bool
}

// Listen makes the socket of a console in a zone's run directory.
func Listen(dir string) (*net.UnixListener, error) { return host.ListenUnix(dir, Socket, 0o600) }

// Serve serves a console and appends what it prints to the log file. What was
// logged from position since on can be replayed.
func Serve(l *net.UnixListener, log string, since int64, clients []Client) *Server {
	s := &Server{listener: l, log: &logFile{path: log}, conns: map[*net.UnixConn]struct{}{}, last: time.Now()}
	s.moved = sync.NewCond(&s.mu)
	s.ring.write(recall(log, since))
	s.run(clients)
	return s
}

// Note prints a line that tells of the zone itself to a console that nobody
// serves now.
func Note(log, text string) error {
	l := &logFile{path: log}
	l.write(notice(text))
	return l.close()
}

func notice(text string) []byte { return []byte("\r\n[NOTICE: " + text + "]\r\n") }

// Notice prints a line that tells of the zone itself.
func (s *Server) Notice(text string) { s.put(notice(text)) }

// Attach makes master the terminal, until Detach.
func (s *Server) Attach(master *os.File) {
	s.mu.Lock()
	s.master = master
	s.mu.Unlock()
	master.SetReadDeadline(time.Time{})
	s.pumping.Go(func() { s.pump(master) })
}

// Detach takes the terminal away; the caller closes it.
func (s *Server) Detach() {
	s.mu.Lock()
	s.master = nil
	s.mu.Unlock()
}

// Resize sets the size of the terminal's window.
func (s *Server) Resize(rows, cols uint16) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master == nil {
		return nil
	}
	return unix.IoctlSetWinsize(int(s.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols})
}

// Close ends the server; clients get what was printed before.
func (s *Server) Close() error {
	err := s.listener.Close()
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		c.SetDeadline(time.Now().Add(lastWords))
		c.CloseRead()
	}
	s.moved.Broadcast()
	s.mu.Unlock()
	s.clients.Wait()
	return errors.Join(err, s.log.close())
}

// pump copies what the zone prints until the terminal is closed.
func (s *Server) pump(master *os.File) {
	buf := make([]byte, 2048)
	for {
		n, err := master.Read(buf)
		if n > 0 {
			s.put(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

func (s *Server) put(p []byte) {
	s.log.write(p)
	s.mu.Lock()
	s.last = time.Now()
	s.ring.write(p)
	s.moved.Broadcast()
	s.mu.Unlock()
}

func (s *Server) accept() {
	for {
		c, err := s.listener.AcceptUnix()
		if err != nil {
			return
		}
		if !s.begin(c) {
			c.Close()
			return
		}
		go s.serve(c)
	}
}

// begin counts a client, unless it comes too late.
func (s *Server) begin(c *net.UnixConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[c] = struct{}{}
	s.clients.Add(1)
	return true
}

func (s *Server) serve(c *net.UnixConn) {
	defer s.clients.Done()
	c.SetDeadline(time.Now().Add(helloTime))
	in := bufio.NewReaderSize(c, maxHello)
	hello, err := in.ReadSlice('\n')
	if err != nil {
		s.forget(c)
		return
	}
	words := strings.Fields(string(hello))
	writes := len(words) > 0 && words[0] == Write
	at, busy := s.admit(c, writes, len(words) > 1 && words[1] == Replay)
	if busy != 0 {
		fmt.Fprintf(c, "%s %d\n", Busy, busy)
		s.forget(c)
		return
	}
	if _, err := fmt.Fprintln(c, OK); err == nil {
		s.carry(c, in, writes, at)
	}
	if writes {
		s.yieldPen()
	}
	s.forget(c)
}

// carry carries bytes both ways until the client goes or the server ends.
func (s *Server) carry(c *net.UnixConn, in io.Reader, writes bool, at int64) {
	printed := make(chan struct{})
	go func() { s.print(c, at); close(printed) }()
	s.listen(in, writes)
	s.leave(c, printed)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frozen {
		s.kept = append(s.kept, Client{c, writes})
	}
}

// leave lets a client that hung up go; when it is the server that ends, the
// client gets the rest first.
func (s *Server) leave(c *net.UnixConn, printed chan struct{}) {
	s.mu.Lock()
	if !s.closed && !s.frozen {
		delete(s.conns, c)
		s.moved.Broadcast()
	}
	s.mu.Unlock()
	<-printed
}

// admit decides where a client begins to read and whether it may write.
func (s *Server) admit(c *net.UnixConn, writes, replay bool) (at int64, busy int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if writes {
		if s.writer != 0 {
			return 0, s.writer
		}
		s.writer = max(host.PeerPid(c), 1)
	}
	if !s.closed && !s.frozen {
		c.SetDeadline(time.Time{})
	}
	if replay {
		return 0, 0
	}
	return s.ring.end, 0
}

func (s *Server) yieldPen() {
	s.mu.Lock()
	s.writer = 0
	s.mu.Unlock()
}

func (s *Server) forget(c *net.UnixConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.last = time.Now()
	if !slices.ContainsFunc(s.kept, func(k Client) bool { return k.Conn == c }) {
		c.Close()
	}
}

// listen passes a writer's input on, and notices when a client goes.
func (s *Server) listen(in io.Reader, writes bool) {
	buf := make([]byte, 512)
	for {
		n, err := in.Read(buf)
		if n > 0 && writes {
			s.input(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// input types into the terminal. Without one, or when the zone does not read
// its console, what was typed is lost, as on a serial line.
func (s *Server) input(p []byte) {
	s.mu.Lock()
	master := s.master
	s.mu.Unlock()
	if master == nil {
		return
	}
	master.SetWriteDeadline(time.Now().Add(lastWords))
	master.Write(p) //nolint:errcheck // see above
}

// print sends the ring from at on to a client. A client too slow for the ring
// misses what fell out of it.
func (s *Server) print(c *net.UnixConn, at int64) {
	buf := make([]byte, 2048)
	for {
		n, why := s.next(c, buf, &at)
		if why == over {
			c.Close()
		}
		if why != more {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			c.Close()
			return
		}
	}
}

// What there is for a client.
const (
	more = iota
	over
	halted // for now
)

func (s *Server) next(c *net.UnixConn, buf []byte, at *int64) (n, why int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if n := s.ring.read(buf, at); n > 0 {
			return n, more
		}
		_, here := s.conns[c]
		switch {
		case s.closed, !here:
			return 0, over
		case s.frozen:
			return 0, halted
		}
		s.moved.Wait()
	}
}
