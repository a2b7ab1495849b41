package meta_test

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/meta"
)

// table is a Store in memory.
type table struct {
	mu     sync.Mutex
	values map[string]string
	fail   error
}

func (s *table) Get(key string) (string, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.values[key]
	return value, ok, s.fail
}

func (s *table) Keys() ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.values)), s.fail
}

func (s *table) Put(key, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[key] = value
	return s.fail
}

func (s *table) Delete(key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, key)
	return s.fail
}

// listen serves store on a socket until the test ends and returns its path.
func listen(t *testing.T, server *meta.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "metadata.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() { server.Serve(ctx, conn) })
		}
	})
	t.Cleanup(func() {
		cancel()
		l.Close()
		served.Wait()
	})
	return path
}

func newServer(store meta.Store) *meta.Server {
	return meta.NewServer(store, slog.New(slog.DiscardHandler))
}

func dial(t *testing.T, path string) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
