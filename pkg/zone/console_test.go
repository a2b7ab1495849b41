package zone

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zone/console"
)

// expect reads from a console until text has come.
func expect(t *testing.T, line io.Reader, text string) {
	t.Helper()
	got := make(chan string, 1)
	go func() {
		var all strings.Builder
		buf := make([]byte, 100)
		for !strings.Contains(all.String(), text) {
			n, err := line.Read(buf)
			all.Write(buf[:n])
			if err != nil {
				break
			}
		}
		got <- all.String()
	}()
	select {
	case s := <-got:
		if !strings.Contains(s, text) {
			t.Fatalf("no %q in %q", text, s)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("%q does not come", text)
	}
}

func serve(t *testing.T, h *Host, name string) *console.Server {
	t.Helper()
	if err := os.MkdirAll(h.runDir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := console.Listen(h.runDir(name))
	if err != nil {
		t.Fatal(err)
	}
	s := console.Serve(l, filepath.Join(t.TempDir(), "log"), 0, nil)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConsole_outlivesHalts(t *testing.T) {
	h := testHost(t)
	installed(t, h, "z")
	line, err := h.Console(t.Context(), "z", ConsoleOptions{}) // not there yet
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	for range 2 {
		s := serve(t, h, "z")
		watcher, err := h.Console(t.Context(), "z", ConsoleOptions{ReadOnly: true, UntilHalt: true})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * consoleWait)
		s.Notice("Zone booting up")
		expect(t, line, "[NOTICE: Zone booting up]")
		expect(t, watcher, "[NOTICE: Zone booting up]")
		s.Close()
		if _, err := io.Copy(io.Discard, watcher); err != nil {
			t.Errorf("watcher: %v", err)
		}
	}
}

func TestConsole_oneWrites(t *testing.T) {
	h := testHost(t)
	installed(t, h, "z")
	serve(t, h, "z")
	line, err := h.Console(t.Context(), "z", ConsoleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Console(t.Context(), "z", ConsoleOptions{})
	if _, busy := errors.AsType[*ConsoleBusyError](err); !busy {
		t.Errorf("second writer: %v", err)
	}
	line.Close()
	if _, err := line.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read of a closed console: %v", err)
	}
	if _, err := line.Write([]byte("x")); err == nil {
		t.Error("write to a closed console passed")
	}
}

func TestConsole_needsAnInstalledZone(t *testing.T) {
	h := testHost(t)
	mustCreate(t, h, plain("fresh"))
	_, err := h.Console(t.Context(), "fresh", ConsoleOptions{})
	if state, ok := errors.AsType[*StateError](err); !ok || state.State != Configured {
		t.Errorf("configured zone: %v", err)
	}
	installed(t, h, "z")
	line, err := h.Console(t.Context(), "z", ConsoleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := make(chan error)
	go func() { _, err := line.Read(make([]byte, 1)); c <- err }()
	if err := os.Remove(filepath.Join(h.root.Zones(), "z.json")); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-c:
		if !errors.Is(err, io.EOF) {
			t.Errorf("deleted zone: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the console of a deleted zone stays")
	}
}
