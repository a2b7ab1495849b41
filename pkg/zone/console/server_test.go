package console

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
)

// terminal is a console whose far end, in the zone, is a socket.
func terminal(t *testing.T) (s *Server, dir string, zone *os.File) {
	t.Helper()
	dir = t.TempDir()
	l, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	s = Serve(l, filepath.Join(dir, "log"), 0, nil)
	t.Cleanup(func() { s.Close() })
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	master := os.NewFile(uintptr(pair[0]), "master")
	zone = os.NewFile(uintptr(pair[1]), "zone")
	t.Cleanup(func() { master.Close(); zone.Close() })
	s.Attach(master)
	return s, dir, zone
}

func dial(t *testing.T, dir, hello string) (net.Conn, *bufio.Reader, string) {
	t.Helper()
	c, err := host.DialUnix(dir, Socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintln(c, hello); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	answer, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return c, r, answer
}

func TestServer_carriesBothWays(t *testing.T) {
	_, dir, zone := terminal(t)
	c, r, answer := dial(t, dir, "write")
	if answer != "ok\n" {
		t.Fatalf("answer %q", answer)
	}
	io.WriteString(c, "ls\n")
	if line, err := bufio.NewReader(zone).ReadString('\n'); line != "ls\n" {
		t.Errorf("the zone read %q, %v", line, err)
	}
	io.WriteString(zone, "bin\n")
	if line, err := r.ReadString('\n'); line != "bin\n" {
		t.Errorf("the client read %q, %v", line, err)
	}
}

func TestServer_letsOneWriteAndManyRead(t *testing.T) {
	_, dir, zone := terminal(t)
	first, _, _ := dial(t, dir, "write")
	if _, _, answer := dial(t, dir, "write"); answer != fmt.Sprintf("busy %d\n", os.Getpid()) {
		t.Errorf("second writer: %q", answer)
	}
	_, a, _ := dial(t, dir, "read")
	_, b, _ := dial(t, dir, "read")
	io.WriteString(zone, "all\n")
	for _, r := range []*bufio.Reader{a, b} {
		if line, err := r.ReadString('\n'); line != "all\n" {
			t.Errorf("a reader got %q, %v", line, err)
		}
	}
	first.Close()
	for range 100 {
		if c, _, answer := dial(t, dir, "write"); answer == "ok\n" {
			return
		} else {
			c.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the pen does not come back when the writer hangs up")
}

func TestServer_replaysAndGivesItsLastWords(t *testing.T) {
	s, dir, zone := terminal(t)
	s.Notice("Zone booting up")
	io.WriteString(zone, strings.Repeat("x", 3*ringSize)+"\n")
	_, r, _ := dial(t, dir, "read replay")
	if _, err := r.ReadString('x'); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	s.Notice("Zone halted")
	done := make(chan string)
	go func() { all, _ := io.ReadAll(r); done <- string(all) }()
	time.Sleep(50 * time.Millisecond)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if all := <-done; !strings.HasSuffix(all, "\r\n[NOTICE: Zone halted]\r\n") {
		t.Errorf("the end of %d bytes is %q", len(all), all[max(0, len(all)-40):])
	}
}

func TestServer_survivesBadClients(t *testing.T) {
	_, dir, zone := terminal(t)
	for _, hello := range []string{"", strings.Repeat("A", 1000), "write\x00"} {
		c, err := host.DialUnix(dir, Socket)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, hello)
		c.Close()
	}
	_, r, _ := dial(t, dir, "read")
	io.WriteString(zone, "still\n")
	if line, err := r.ReadString('\n'); line != "still\n" {
		t.Errorf("%q, %v", line, err)
	}
}

func TestLog_stampsLinesAndRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := &logFile{path: path}
	l.write([]byte("one\r\ntw"))
	l.write([]byte("o\n"))
	text, err := os.ReadFile(path)
	lines := strings.Split(string(text), "\n")
	if err != nil || len(lines) != 3 || !strings.HasSuffix(lines[0], "Z one") || !strings.HasSuffix(lines[1], "Z two") {
		t.Errorf("%q, %v", text, err)
	}
	l.write([]byte(strings.Repeat("y", maxLog) + "\n"))
	l.write([]byte("after\n"))
	if err := l.close(); err != nil {
		t.Error(err)
	}
	if st, err := os.Stat(path + ".0"); err != nil || st.Size() < maxLog {
		t.Errorf("the old log: %v %v", st, err)
	}
	if text, _ := os.ReadFile(path); !strings.HasSuffix(string(text), "Z after\n") || len(text) > 100 {
		t.Errorf("the new log has %d bytes", len(text))
	}
}

func TestFreeze_anotherServerGoesOn(t *testing.T) {
	s, dir, zone := terminal(t)
	fmt.Fprint(zone, "first\n")
	c, r, _ := dial(t, dir, "write replay")
	expectLine(t, r, "first")
	clients, ok := s.Freeze(false)
	if !ok || len(clients) != 1 || !clients[0].Writes {
		t.Fatalf("clients %v, %v", clients, ok)
	}
	// What happens meanwhile waits.
	fmt.Fprint(zone, "second\n")
	fmt.Fprint(c, "typed\n")
	late, err := host.DialUnix(dir, Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	fmt.Fprintln(late, "read replay")

	files, err := Files(clients)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.FcntlInt(files[0].Fd(), unix.F_DUPFD_CLOEXEC, 100)
	if err != nil {
		t.Fatal(err)
	}
	closeAll(files)
	listener, err := s.listener.File()
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	l, err := net.FileListener(listener)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	next := Serve(l.(*net.UnixListener), filepath.Join(dir, "log"), 0, Inherit(uintptr(fd), []bool{true}))
	defer next.Close()
	next.Attach(s.master)
	expectLine(t, r, "second")
	buf := make([]byte, 100)
	if n, err := zone.Read(buf); string(buf[:n]) != "typed\n" {
		t.Errorf("the zone reads %q, %v", buf[:n], err)
	}
	late.SetDeadline(time.Now().Add(10 * time.Second))
	lr := bufio.NewReader(late)
	for _, want := range []string{"ok", "first", "second"} {
		expectLine(t, lr, want)
	}
	if _, _, answer := dial(t, dir, "write"); !strings.HasPrefix(answer, "busy ") {
		t.Errorf("a second writer is told %q", answer)
	}
}

func expectLine(t *testing.T, r *bufio.Reader, want string) {
	t.Helper()
	line, err := r.ReadString('\n')
	if strings.TrimRight(line, "\r\n") != want {
		t.Errorf("line %q, not %q: %v", line, want, err)
	}
}

func TestFreeze_aloneRefusesWithClients(t *testing.T) {
	s, dir, zone := terminal(t)
	c, r, _ := dial(t, dir, "read")
	if _, ok := s.Freeze(true); ok || s.Idle() != 0 {
		t.Fatal("it froze")
	}
	fmt.Fprint(zone, "still here\n")
	expectLine(t, r, "still here")
	c.Close()
	for end := time.Now().Add(5 * time.Second); s.Idle() == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if _, ok := s.Freeze(true); !ok {
		t.Error("it does not freeze alone")
	}
	fmt.Fprint(zone, "kept\n")
	s.Thaw()
	_, r, _ = dial(t, dir, "read replay")
	expectLine(t, r, "still here")
	expectLine(t, r, "kept")
}

func TestThaw_goesOnWithItsClients(t *testing.T) {
	s, dir, zone := terminal(t)
	c, r, _ := dial(t, dir, "write")
	s.Freeze(false)
	s.Thaw()
	fmt.Fprint(zone, "out\n")
	expectLine(t, r, "out")
	fmt.Fprint(c, "in\n")
	buf := make([]byte, 100)
	if n, err := zone.Read(buf); string(buf[:n]) != "in\n" {
		t.Errorf("the zone reads %q, %v", buf[:n], err)
	}
}

func TestRecall_isWhatWasPrinted(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	l := &logFile{path: log}
	l.write([]byte("before\r\n"))
	since := Size(log)
	if err := Note(log, "Zone booting up"); err != nil {
		t.Fatal(err)
	}
	l.write([]byte("one\r\n\r\ntwo"))
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	const want = "\r\n[NOTICE: Zone booting up]\r\none\r\n\r\ntwo"
	if got := string(recall(log, since)); got != want {
		t.Errorf("recalled %q, not %q", got, want)
	}
	// Who goes on in the middle of a line does not stamp it again.
	if err := (&logFile{path: log}).appendAll("more\n"); err != nil {
		t.Fatal(err)
	}
	if got := string(recall(log, since)); got != want+"more\r\n" {
		t.Errorf("then recalled %q", got)
	}
	if got := recall(log, Size(log)+1); got != nil {
		t.Errorf("recalled %q from behind the end", got)
	}
	big := &logFile{path: log}
	for range 2 * ringSize / 10 {
		big.write([]byte("123456789\n"))
	}
	if got := len(recall(log, 0)); got > ringSize || got < ringSize/4 {
		t.Errorf("recalled %d bytes of a long log", got)
	}
}

func (l *logFile) appendAll(text string) error {
	l.write([]byte(text))
	return l.close()
}
