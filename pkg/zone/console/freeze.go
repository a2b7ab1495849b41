package console

import (
	"net"
	"os"
	"time"

	"github.com/smartbox-os/smartbox/internal/host"
)

// run begins to serve, with clients that are there already.
func (s *Server) run(clients []Client) {
	s.open()
	for _, c := range clients {
		if !s.begin(c.Conn) {
			c.Conn.Close()
			continue
		}
		s.resume(c)
	}
}

// resume goes on with a client where it was left.
func (s *Server) resume(c Client) {
	s.mu.Lock()
	at := s.ring.end
	if c.Writes {
		s.writer = max(host.PeerPid(c.Conn), 1)
	}
	s.mu.Unlock()
	go func() {
		defer s.clients.Done()
		s.carry(c.Conn, c.Conn, c.Writes, at)
		if c.Writes {
			s.yieldPen()
		}
		s.forget(c.Conn)
	}()
}

// Idle is how long nobody has been connected and nothing has been printed.
func (s *Server) Idle() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) > 0 {
		return 0
	}
	return time.Since(s.last)
}

// Freeze stops serving, so that another process can go on: what the terminal
// prints and who connects from now on waits in the kernel. The clients have got
// all that was printed before. With alone it does so only if there is no client.
func (s *Server) Freeze(alone bool) (clients []Client, ok bool) {
	past := time.Unix(1, 0)
	s.listener.SetDeadline(past)
	s.accepting.Wait()
	s.mu.Lock()
	if alone && len(s.conns) > 0 {
		s.mu.Unlock()
		s.open()
		return nil, false
	}
	s.frozen = true
	for c := range s.conns {
		c.SetReadDeadline(past)
		c.SetWriteDeadline(time.Now().Add(lastWords))
	}
	master := s.master
	s.moved.Broadcast()
	s.mu.Unlock()
	if master != nil {
		master.SetReadDeadline(past)
	}
	s.pumping.Wait()
	s.clients.Wait()
	return s.kept, true
}

// open lets clients come.
func (s *Server) open() {
	s.listener.SetDeadline(time.Time{})
	s.accepting.Go(s.accept)
}

// Thaw takes up serving after Freeze.
func (s *Server) Thaw() {
	s.mu.Lock()
	s.frozen = false
	clients, master := s.kept, s.master
	s.kept = nil
	s.mu.Unlock()
	for _, c := range clients {
		c.Conn.SetDeadline(time.Time{})
	}
	if master != nil {
		s.Attach(master)
	}
	s.run(clients)
}

// Flush writes what the log has not yet and closes it; the next byte opens it
// again.
func (s *Server) Flush() error { return s.log.close() }

// Files are the descriptors of clients, for another process.
func Files(clients []Client) ([]*os.File, error) {
	var files []*os.File
	for _, c := range clients {
		f, err := c.Conn.File()
		if err != nil {
			closeAll(files)
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// Inherit makes clients of what another process left: per descriptor whether it
// writes.
func Inherit(first uintptr, writes []bool) []Client {
	var clients []Client
	for i, w := range writes {
		f := os.NewFile(first+uintptr(i), "client")
		c, err := net.FileConn(f)
		f.Close()
		if conn, ok := c.(*net.UnixConn); ok && err == nil {
			clients = append(clients, Client{conn, w})
		}
	}
	return clients
}
